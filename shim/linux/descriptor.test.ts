import { closeSync, readSync, writeSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { pipe2, readableBytes, setNonBlock } from "./descriptor.ts";

describe("pipe2()", () => {
  it("makes a pipe whose readable bytes are known", () => {
    const { readEnd, writeEnd } = pipe2();
    expect(readableBytes(readEnd)).to.equal(0);
    writeSync(writeEnd, "12345");
    expect(readableBytes(readEnd)).to.equal(5);
    expect(readSync(readEnd, Buffer.alloc(3))).to.equal(3);
    expect(readableBytes(readEnd)).to.equal(2);
    closeSync(readEnd);
    closeSync(writeEnd);
  });
});

describe("setNonBlock()", () => {
  it("keeps reads of an empty pipe from waiting", () => {
    const { readEnd, writeEnd } = pipe2();
    setNonBlock(readEnd);
    expect(() => readSync(readEnd, Buffer.alloc(1))).to.throw("EAGAIN");
    closeSync(writeEnd);
    expect(readSync(readEnd, Buffer.alloc(1))).to.equal(0);
    closeSync(readEnd);
  });

  it("names the call and the descriptor when it is not open", () => {
    expect(() => {
      setNonBlock(-1);
    })
      .to.throw("Cannot read the flags of fd -1: bad file descriptor (EBADF)")
      .with.property("code", "EBADF");
  });
});
