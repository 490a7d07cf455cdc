import { EventEmitter, once } from "node:events";
import { writeSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { EventCounter } from "./event-counter.ts";

describe("EventCounter", () => {
  it("counts what was signalled since it was asked last, without waiting", () => {
    const counter = new EventCounter(() => expect.fail("there was no time for that"));
    expect(counter.take()).to.equal(0);
    signal(counter, 1n);
    signal(counter, 2n);
    expect([counter.take(), counter.take()]).to.deep.equal([3, 0]);
    counter.close();
    counter.close();
    expect(counter.take()).to.equal(0);
  });

  it("tells of each signal, and counts it too", async () => {
    const events = new EventEmitter();
    const counter = new EventCounter(() => events.emit("signal"));
    for (const count of [1n, 5n]) {
      const told = once(events, "signal", { signal: AbortSignal.timeout(5000) });
      signal(counter, count);
      await told;
    }
    signal(counter, 1n);
    expect(counter.take()).to.equal(7);
    counter.close();
  });
});

function signal({ fd }: EventCounter, count: bigint): void {
  writeSync(fd, new BigUint64Array([count]));
}
