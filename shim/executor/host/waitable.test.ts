import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { IoError } from "./io/io-error.ts";
import { ReadableInputStream } from "./io/readable-input-stream.ts";
import { OneTurn } from "./waitable.ts";

describe("OneTurn", () => {
  it("is over when the event loop has turned, and not before", async () => {
    const waiting = new OneTurn();
    const woken = new Promise<void>((wake) => waiting.onReady(wake));
    await Promise.resolve();
    expect(waiting.isReady()).to.equal(false);
    await woken;
    expect(waiting.isReady()).to.equal(true);
  });

  it("is long enough for what has come into a stream", async () => {
    const source = new PassThrough();
    const stream = new ReadableInputStream(source, () => new IoError("cut off"));
    source.write("here");
    const waiting = new OneTurn();
    stream.onReady(() => undefined);
    await new Promise<void>((wake) => waiting.onReady(wake));
    expect(stream.isReady()).to.equal(true);
  });

  it("never wakes once it is taken back", async () => {
    let woken = 0;
    new OneTurn().onReady(() => (woken += 1))();
    for (const _ of [1, 2, 3]) await turn();
    expect(woken).to.equal(0);
  });
});
