import { writeSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { EventCounter } from "./event-counter.ts";

describe("EventCounter", () => {
  it("counts what was signalled since it was asked last, without waiting", () => {
    const counter = new EventCounter();
    expect(counter.take()).to.equal(0);
    writeSync(counter.fd, new BigUint64Array([1n]));
    writeSync(counter.fd, new BigUint64Array([2n]));
    expect([counter.take(), counter.take()]).to.deep.equal([3, 0]);
    counter.close();
    counter.close();
    expect(counter.take()).to.equal(0);
  });
});
