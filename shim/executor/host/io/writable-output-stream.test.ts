import { Writable } from "node:stream";
import { expect } from "chai";
import { describe, it } from "mocha";
import { IoError } from "./io-error.ts";
import { WritableOutputStream } from "./writable-output-stream.ts";

describe("WritableOutputStream", () => {
  it("takes nothing between a flush and its end", async () => {
    const sending: (() => void)[] = [];
    const sink = new Writable({
      highWaterMark: 100,
      write: (_chunk, _encoding, done) => {
        sending.push(done);
      },
    });
    const stream = new WritableOutputStream(sink, (error) => new IoError(error.message));
    stream.write(Buffer.alloc(10));
    expect(stream.permit()).to.equal(90);
    expect(stream.flush()).to.equal(undefined);
    expect([stream.permit(), stream.isReady(), stream.isFlushed()]).to.deep.equal([0, false, false]);
    const woken = new Promise<void>((wake) => stream.onReady(wake));
    for (const done of sending) done();
    await woken;
    expect([stream.permit(), stream.isReady(), stream.isFlushed()]).to.deep.equal([100, true, true]);
  });

  it("stays ready when there is nothing to flush", () => {
    const sink = new Writable({ highWaterMark: 100 });
    const stream = new WritableOutputStream(sink, (error) => new IoError(error.message));
    stream.flush();
    expect(stream.permit()).to.equal(100);
  });

  it("tells once what has failed, and is closed from then on; who only asks whether it is ready is told nothing", async () => {
    const sink = new Writable({
      write: (_chunk, _encoding, done) => {
        done(new Error("the peer is gone"));
      },
    });
    const stream = new WritableOutputStream(sink, (error) => new IoError(error.message));
    stream.write(Buffer.alloc(10));
    await new Promise<void>((wake) => stream.onReady(wake));
    expect(stream.isReady()).to.equal(true);
    expect(stream.permit()).to.have.nested.property("val.message", "the peer is gone");
    for (const answer of [stream.permit(), stream.write(Buffer.alloc(1)), stream.flush()]) {
      expect(answer).to.deep.equal({ tag: "closed" });
    }
    expect(stream.isReady()).to.equal(true);
  });
});
