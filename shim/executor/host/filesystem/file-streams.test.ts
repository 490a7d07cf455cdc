import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { FileHandle } from "./file-handle.ts";
import { FileInputStream, FileOutputStream } from "./file-streams.ts";

const CLOSED = { tag: "closed" };

describe("the streams of a file", () => {
  let folder: string;
  let fd: number;

  function handle(flags: "r" | "w" | "r+"): FileHandle {
    fd = openSync(join(folder, "file"), flags);
    return new FileHandle(fd, undefined);
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rcm-file-streams-"));
    writeFileSync(join(folder, "file"), "abc");
  });
  afterEach(() => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });

  it("are closed once a read has failed", () => {
    const stream = new FileInputStream(handle("w"), 0n);
    expect(stream.take(1)).to.have.property("tag", "last-operation-failed");
    expect([stream.take(1), stream.take(0)]).to.deep.equal([CLOSED, CLOSED]);
  });

  it("are closed once a write has failed", () => {
    const stream = new FileOutputStream(handle("r"), 0);
    expect(stream.permit()).to.be.greaterThan(0);
    expect(stream.write(Uint8Array.of(1))).to.have.property("tag", "last-operation-failed");
    expect([stream.permit(), stream.write(Uint8Array.of(1)), stream.flush()]).to.deep.equal([CLOSED, CLOSED, CLOSED]);
  });

  it("tell of the end also when nothing is asked for, and go on when the file has grown", () => {
    const stream = new FileInputStream(handle("r+"), 0n);
    expect(stream.take(0)).to.deep.equal(new Uint8Array(0));
    expect(stream.take(10)).to.deep.equal(Buffer.from("abc"));
    expect([stream.take(10), stream.take(0)]).to.deep.equal([CLOSED, CLOSED]);
    writeFileSync(join(folder, "file"), "abcd");
    expect(stream.take(10)).to.deep.equal(Buffer.from("d"));
  });
});
