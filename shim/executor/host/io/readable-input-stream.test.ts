import { once } from "node:events";
import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import { IoError, STREAM_CLOSED } from "./io-error.ts";
import { ReadableInputStream } from "./readable-input-stream.ts";

function streamOver(source: PassThrough): ReadableInputStream {
  return new ReadableInputStream(source, () => new IoError("cut off"));
}

function take(stream: ReadableInputStream, maxBytes: number): string {
  const taken = stream.take(maxBytes);
  return taken instanceof Uint8Array ? Buffer.from(taken).toString() : JSON.stringify(taken);
}

describe("ReadableInputStream", () => {
  it("leaves what it was not asked for to the next stream over the same source", async () => {
    const source = new PassThrough();
    source.end("hello world");
    const first = streamOver(source);
    await turn();
    expect(take(first, 5)).to.equal("hello");
    first.close();
    await turn();
    const second = streamOver(source);
    expect(second.isReady()).to.equal(true);
    expect(take(second, 100)).to.equal(" world");
    await turn();
    expect(second.take(100)).to.equal(STREAM_CLOSED);
  });

  it("gives many chunks by pieces of any size", async () => {
    for (const size of [1, 2, 7, 100]) {
      const source = new PassThrough();
      for (const chunk of ["ab", "cde", "f", "ghijk"]) source.write(chunk);
      source.end();
      const stream = streamOver(source);
      await turn();
      let all = "";
      for (let taken = stream.take(size); taken !== STREAM_CLOSED; taken = stream.take(size)) {
        if (taken instanceof Uint8Array) {
          expect(taken.length).to.be.within(1, size);
          all += Buffer.from(taken).toString();
        } else await turn();
      }
      expect(all).to.equal("abcdefghijk");
    }
  });

  it("ends when it is cut off, and its source goes on", async () => {
    const source = new PassThrough({ highWaterMark: 4 });
    const stream = streamOver(source);
    source.write("before");
    await turn();
    stream.cutOff();
    expect(stream.isReady()).to.equal(true);
    expect(stream.take(100)).to.equal(STREAM_CLOSED);
    source.end("much after");
    await once(source, "end");
    expect(stream.take(100)).to.equal(STREAM_CLOSED);
  });

  it("tells once what has failed, and is closed from then on", async () => {
    const source = new PassThrough();
    const stream = streamOver(source);
    source.destroy(new Error("reset"));
    await turn();
    expect(stream.isReady()).to.equal(true);
    expect(stream.take(1)).to.have.nested.property("val.message", "cut off");
    expect(stream.take(1)).to.equal(STREAM_CLOSED);
  });
});
