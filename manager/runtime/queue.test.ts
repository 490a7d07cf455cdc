import { expect } from "chai";
import { describe, it } from "mocha";
import { WorkQueue } from "./queue.ts";

function queueOf(): WorkQueue {
  return new WorkQueue({ backoff: { baseMs: 1, maxMs: 2 }, minIntervalMs: 0 });
}

describe("WorkQueue", () => {
  it("hands a key to whoever waits for it", async () => {
    const queue = queueOf();
    const taken = queue.take();
    queue.add("a");
    expect(await taken).to.equal("a");
  });

  it("hands out a delayed key when its time has come, after those that are due", async () => {
    const queue = queueOf();
    queue.add("later", 50);
    queue.add("now");
    expect(queue.depth).to.equal(2);
    expect([await queue.take(), await queue.take()]).to.deep.equal(["now", "later"]);
  });

  it("hands out a key that failed again", async () => {
    const queue = queueOf();
    queue.add("a");
    await queue.take();
    queue.finish("a");
    expect(queue.retry("a")).to.be.within(0, 1);
    expect(await queue.take()).to.equal("a");
  });

  it("sends everybody home when it is closed, and hands out nothing any more", async () => {
    const queue = queueOf();
    const waiting = [queue.take(), queue.take()];
    queue.close();
    queue.add("a");
    expect(await Promise.all([...waiting, queue.take()])).to.deep.equal([undefined, undefined, undefined]);
  });
});
