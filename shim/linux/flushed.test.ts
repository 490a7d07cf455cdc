import { PassThrough, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import { flushed } from "./flushed.ts";

describe("flushed()", () => {
  it("waits until a slow reader has it all", async () => {
    const pipe = new PassThrough({ highWaterMark: 10 });
    pipe.write("x".repeat(1000));
    pipe.write("the last word");
    const read = delay(20).then(async () => text(pipe));
    await flushed(pipe);
    expect(pipe.writableLength).to.equal(0);
    pipe.end();
    expect(await read).to.match(/the last word$/);
  });

  it("does not wait for ever for one who does not read, nor for what is broken", async () => {
    const stuck = new Writable({ write: () => undefined });
    stuck.write("never out");
    const broken = new Writable({ write: (_chunk, _encoding, done) => setImmediate(done, new Error("EPIPE")) });
    broken.on("error", () => undefined).write("lost");
    await flushed(stuck, broken);
    expect(stuck.writableLength).to.equal(9);
  });
});
