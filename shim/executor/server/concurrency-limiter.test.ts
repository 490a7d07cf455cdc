import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import { ConcurrencyLimiter } from "./concurrency-limiter.ts";

interface Scene {
  readonly limiter: ConcurrencyLimiter;
  readonly log: string[];
  readonly acquire: (name: string) => void;
  readonly go: (name: string) => void;
}

function scene(queueMs = 60_000): Scene {
  const limiter = new ConcurrencyLimiter({ maxConcurrent: 2, maxQueued: 2, queueMs });
  const log: string[] = [];
  const going = new Map<string, () => void>();
  function acquire(name: string): void {
    limiter.acquire({
      start: () => log.push(`${name} started`),
      refuse: () => log.push(`${name} refused`),
      onGone: (listener) => going.set(name, listener),
    });
  }
  return { limiter, log, acquire, go: (name) => going.get(name)?.() };
}

describe("ConcurrencyLimiter", () => {
  it("starts so many tasks, queues so many others, and refuses the rest", () => {
    const { limiter, log, acquire } = scene();
    for (const name of ["a", "b", "c", "d", "e"]) acquire(name);
    expect(log).to.deep.equal(["a started", "b started", "e refused"]);
    expect([limiter.running, limiter.queued]).to.deep.equal([2, 2]);
    for (let left = 0; left < 4; left += 1) limiter.release();
    expect(log.slice(3)).to.deep.equal(["c started", "d started"]);
    expect([limiter.running, limiter.queued]).to.deep.equal([0, 0]);
    acquire("f");
    expect(log.at(-1)).to.equal("f started");
  });

  it("gives the place of a task that nobody needs any more to another", () => {
    const { limiter, log, acquire, go } = scene();
    for (const name of ["a", "b", "c", "d"]) acquire(name);
    go("c");
    expect(limiter.queued).to.equal(1);
    acquire("e");
    go("d");
    limiter.release();
    go("e"); // It runs.
    expect(log).to.deep.equal(["a started", "b started", "e started"]);
    expect([limiter.running, limiter.queued]).to.deep.equal([2, 0]);
  });

  it("refuses a task that has waited too long", async () => {
    const { limiter, log, acquire } = scene(10);
    for (const name of ["a", "b", "c"]) acquire(name);
    await delay(50);
    expect(log).to.deep.equal(["a started", "b started", "c refused"]);
    limiter.release();
    expect([limiter.running, limiter.queued]).to.deep.equal([1, 0]);
  });

  it("refuses queued and new tasks once it is closed, and starts none when another ends", async () => {
    const { limiter, log, acquire } = scene(10);
    for (const name of ["a", "b", "c", "d"]) acquire(name);
    limiter.close();
    acquire("e");
    limiter.release();
    acquire("f");
    await delay(50);
    expect(log).to.deep.equal(["a started", "b started", "c refused", "d refused", "e refused", "f refused"]);
    expect([limiter.running, limiter.queued, limiter.isClosed]).to.deep.equal([1, 0, true]);
  });

  it("starts a queue of any length in one go, when each task ends at once", () => {
    const limiter = new ConcurrencyLimiter({ maxConcurrent: 1, maxQueued: 100_000, queueMs: 60_000 });
    let ended = 0;
    const task = { refuse: () => undefined, onGone: () => undefined };
    limiter.acquire({ ...task, start: () => undefined });
    for (let waiting = 0; waiting < 20_000; waiting += 1) {
      limiter.acquire({
        ...task,
        start: () => {
          ended += 1;
          limiter.release();
        },
      });
    }
    limiter.release();
    expect([ended, limiter.running, limiter.queued]).to.deep.equal([20_000, 0, 0]);
  });
});
