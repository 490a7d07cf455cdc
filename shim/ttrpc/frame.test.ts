import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { encodeFrame, type Frame, FRAME_TYPE, FrameReader, MAX_PAYLOAD_BYTES } from "./frame.ts";
import { Loopback, SERVICE } from "./loopback.ts";
import { Request } from "./messages.ts";

const HEADER = { streamId: 0xfffffffd, type: FRAME_TYPE.request, flags: 0xa5 };

describe("encodeFrame()", () => {
  it("writes length, stream id, type and flags before the payload", () => {
    expect(encodeFrame(HEADER, Buffer.from("hi")).toString("hex")).to.equal("00000002fffffffd01a56869");
  });
});

describe("FrameReader", () => {
  const payloads = ["", "x", "y".repeat(300), "z".repeat(100_000), ""];
  const stream = Buffer.concat(payloads.map((payload) => encodeFrame(HEADER, Buffer.from(payload))));
  for (const size of [1, 2, 3, 9, 10, 11, 64 * 1024, stream.length]) {
    it(`reads frames from chunks of ${String(size)} bytes`, () => {
      const frames = readInChunks(stream, size);
      expect(frames.map(({ payload }) => Buffer.from(payload ?? "none").toString())).to.deep.equal(payloads);
      for (const { streamId, type, flags } of frames) expect({ streamId, type, flags }).to.deep.equal(HEADER);
    });
  }

  for (const size of [1000, 64 * 1024, 8 * 1024 * 1024]) {
    it(`throws away a payload above the limit in chunks of ${String(size)} bytes, and goes on`, () => {
      const long = encodeFrame(HEADER, Buffer.alloc(MAX_PAYLOAD_BYTES + 1));
      const longest = encodeFrame(HEADER, Buffer.alloc(MAX_PAYLOAD_BYTES, 7));
      const frames = readInChunks(Buffer.concat([long, longest]), size);
      expect(frames.map(({ payload }) => payload?.length)).to.deep.equal([undefined, MAX_PAYLOAD_BYTES]);
      expect(frames[1]?.payload?.every((byte) => byte === 7)).to.equal(true);
    });
  }

  it("does not take memory for a payload that is only announced", () => {
    const readers = Array.from({ length: 1000 }, () => new FrameReader());
    const announced = encodeFrame(HEADER, Buffer.alloc(MAX_PAYLOAD_BYTES)).subarray(0, 20);
    const before = process.memoryUsage().arrayBuffers;
    for (const reader of readers) expect(reader.push(announced)).to.deep.equal([]);
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(20 * 1024 * 1024);
  });

  it("reads any frames in any pieces", () => {
    const frame = fc.record({
      streamId: fc.nat({ max: 0xffffffff }),
      type: fc.nat({ max: 255 }),
      flags: fc.nat({ max: 255 }),
      payload: fc.uint8Array({ maxLength: 100 }),
    });
    const check = fc.property(fc.array(frame, { maxLength: 5 }), fc.integer({ min: 1, max: 50 }), (frames, size) => {
      const bytes = Buffer.concat(frames.map(({ payload, ...header }) => encodeFrame(header, payload)));
      const read = readInChunks(bytes, size);
      expect(read.map(({ payload }) => new Uint8Array(payload ?? []))).to.deep.equal(
        frames.map(({ payload }) => payload),
      );
      expect(read.map(({ streamId, type, flags }) => [streamId, type, flags])).to.deep.equal(
        frames.map(({ streamId, type, flags }) => [streamId, type, flags]),
      );
    });
    fc.assert(check);
  });
});

describe("TtrpcServer with random bytes", () => {
  it("neither falls nor hangs", async () => {
    const loopback = await Loopback.create();
    loopback.serve({ Echo: async (payload) => payload });
    const echo = Request.encode({ service: SERVICE, method: "Echo", payload: Buffer.from("p") });
    const frame = fc
      .tuple(fc.nat({ max: 0xffffffff }), fc.nat({ max: 4 }), fc.nat({ max: 7 }), fc.uint8Array({ maxLength: 60 }))
      .map(([streamId, type, flags, payload]) => encodeFrame({ streamId, type, flags }, payload));
    const damaged = fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 255 })).map(([at, byte]) => {
      const bytes = encodeFrame({ streamId: 1, type: FRAME_TYPE.request, flags: 0 }, echo);
      bytes[at] = byte;
      return bytes;
    });
    const pieces = fc.array(fc.oneof(fc.uint8Array({ maxLength: 60 }), frame, damaged), { maxLength: 20 });
    const check = fc.asyncProperty(pieces, async (chunks) => {
      const socket = connect({ path: loopback.path });
      for (const chunk of chunks) socket.write(chunk);
      socket.on("error", () => undefined).resume();
      await once(socket.end(), "close");
    });
    await fc.assert(check, { numRuns: 300 });
    expect(await loopback.call(await loopback.connect(), "Echo", "still here")).to.equal("still here");
    await loopback.close();
  });
});

function readInChunks(bytes: Buffer, size: number): Frame[] {
  const reader = new FrameReader();
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; at += size) frames.push(...reader.push(bytes.subarray(at, at + size)));
  return frames;
}
