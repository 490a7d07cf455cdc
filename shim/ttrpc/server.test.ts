import { setTimeout as delay } from "node:timers/promises";
import { CodedError } from "@rcm/lib/errors";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { encodeFrame, FLAG_REMOTE_OPEN, type Frame, FRAME_TYPE } from "./frame.ts";
import { Loopback, SERVICE } from "./loopback.ts";
import { Request, Response } from "./messages.ts";
import { TtrpcError } from "./status.ts";

class TestError extends CodedError<"NOT_FOUND" | "BROKEN"> {
  override readonly name = "TestError";
}

describe("TtrpcServer", () => {
  let loopback: Loopback;
  beforeEach(async () => {
    loopback = await Loopback.create();
  });
  afterEach(async () => {
    await loopback.close();
  });

  const failures = [
    ["a TtrpcError", new TtrpcError("FAILED_PRECONDITION", "not now"), "FAILED_PRECONDITION", "not now"],
    ["any error with a status's code", new TestError("NOT_FOUND", "no such"), "NOT_FOUND", "no such"],
    ["an error with another code", new TestError("BROKEN", "broken"), "UNKNOWN", "broken"],
    ["a cause", new Error("outer", { cause: new Error("inner") }), "UNKNOWN", "outer: inner"],
    ["a text", "just text", "UNKNOWN", "just text"],
    ["a very long text", "x".repeat(20_000), "UNKNOWN", "x".repeat(16_384)],
  ] as const;
  for (const [what, thrown, code, message] of failures) {
    it(`makes a status of ${what}`, async () => {
      loopback.serve({
        Fail() {
          // oxlint-disable-next-line typescript/only-throw-error -- it is about anything that is thrown
          throw thrown;
        },
      });
      const error = await loopback.failureOf(await loopback.connect(), "Fail");
      expect(error).to.be.instanceOf(TtrpcError);
      expect(error).to.include({ code, message });
    });
  }

  it("refuses malformed requests of a handler as INVALID_ARGUMENT", async () => {
    loopback.serve({ Parse: async (payload) => Request.decode(payload).payload });
    const error = await loopback.failureOf(await loopback.connect(), "Parse", "\u000a\u00ff");
    expect(error).to.have.property("code", "INVALID_ARGUMENT");
  });

  for (const method of ["Other", "constructor", "__proto__"]) {
    it(`says UNIMPLEMENTED for the unknown method ${method}`, async () => {
      loopback.serve({ Echo: async (payload) => payload });
      const error = await loopback.failureOf(await loopback.connect(), method);
      expect(error).to.include({
        code: "UNIMPLEMENTED",
        message: `Cannot call "${SERVICE}/${method}": there is no such method`,
      });
    });
  }

  it("answers at the deadline that the client gave, and aborts the handler", async () => {
    const aborted = Promise.withResolvers<unknown>();
    loopback.serve({
      async Hang(_payload, context) {
        return new Promise((_resolve, reject) => {
          context.signal.addEventListener("abort", () => {
            aborted.resolve(context.signal.reason);
            reject(new Error("late"));
          });
        });
      },
    });
    const { socket, nextFrame } = loopback.connectRaw();
    const request = Request.encode({ service: SERVICE, method: "Hang", timeoutNano: 20_000_000n });
    socket.write(encodeFrame({ streamId: 1, type: FRAME_TYPE.request, flags: 0 }, request));
    expect(statusOf(await nextFrame())).to.include({ code: 4 });
    expect(await aborted.promise).to.have.property("code", "DEADLINE_EXCEEDED");
  });

  it("tells the handler of the deadline also if the connection is lost before", async () => {
    const reasons: unknown[] = [];
    const ended = Promise.withResolvers<void>();
    loopback.serve({
      async Hang(_payload, { signal, deadline }) {
        socket.destroy();
        signal.addEventListener("abort", () => reasons.push(signal.reason));
        deadline.addEventListener("abort", () => {
          reasons.push(deadline.reason);
          ended.resolve();
        });
        await ended.promise;
        return Buffer.alloc(0);
      },
    });
    const { socket } = loopback.connectRaw();
    const request = Request.encode({ service: SERVICE, method: "Hang", timeoutNano: 200_000_000n });
    socket.write(encodeFrame({ streamId: 1, type: FRAME_TYPE.request, flags: 0 }, request));
    await ended.promise;
    expect(reasons.map((reason) => (reason as TtrpcError).code)).to.deep.equal(["UNAVAILABLE", "DEADLINE_EXCEEDED"]);
  });

  const echo = Request.encode({ service: SERVICE, method: "Echo", payload: Buffer.from("p") });
  const { request, response, data } = FRAME_TYPE;
  const refused = [
    ["an even stream id", { streamId: 2, type: request, flags: 0 }, echo, 3],
    ["a stream id of 0", { streamId: 0, type: request, flags: 0 }, echo, 3],
    ["an open stream", { streamId: 1, type: request, flags: FLAG_REMOTE_OPEN }, echo, 12],
    ["what is no request", { streamId: 1, type: request, flags: 0 }, Buffer.from([0xff]), 3],
    ["5 MiB", { streamId: 1, type: request, flags: 0 }, Buffer.alloc(5 * 1024 * 1024), 8],
  ] as const;
  for (const [what, header, payload, code] of refused) {
    it(`refuses ${what} with status ${String(code)}, and goes on`, async () => {
      loopback.serve({ Echo: async (bytes) => bytes });
      const { socket, nextFrame } = loopback.connectRaw();
      socket.write(encodeFrame(header, payload));
      const frame = await nextFrame();
      expect(frame).to.include({ streamId: header.streamId, type: response, flags: 0 });
      expect(statusOf(frame)).to.include({ code });
      socket.write(encodeFrame({ streamId: 3, type: request, flags: 0 }, echo));
      expect(Response.decode((await nextFrame()).payload ?? Buffer.alloc(0)).payload.toString()).to.equal("p");
    });
  }

  it("refuses a stream id that was used before", async () => {
    loopback.serve({ Echo: async (bytes) => bytes });
    const { socket, nextFrame } = loopback.connectRaw();
    for (const streamId of [5, 3]) socket.write(encodeFrame({ streamId, type: request, flags: 0 }, echo));
    const answers = [await nextFrame(), await nextFrame()];
    const third = answers.find(({ streamId }) => streamId === 3);
    expect(third === undefined ? undefined : statusOf(third)).to.deep.include({ code: 3 });
  });

  it("ignores frames of other types", async () => {
    loopback.serve({ Echo: async (bytes) => bytes });
    const { socket, nextFrame } = loopback.connectRaw();
    for (const type of [response, data, 0, 77]) socket.write(encodeFrame({ streamId: 1, type, flags: 0 }, echo));
    socket.write(encodeFrame({ streamId: 7, type: request, flags: 0 }, echo));
    expect(await nextFrame()).to.include({ streamId: 7, type: response });
  });

  it("reads frames in pieces of 1, 2 and 7 bytes", async () => {
    loopback.serve({ Echo: async (bytes) => bytes });
    for (const size of [1, 2, 7]) {
      const { socket, nextFrame } = loopback.connectRaw();
      socket.setNoDelay(true);
      const frames = [1, 3].map((streamId) => encodeFrame({ streamId, type: request, flags: 0 }, echo));
      const bytes = Buffer.concat(frames);
      for (let at = 0; at < bytes.length; at += size) {
        socket.write(bytes.subarray(at, at + size));
        await delay(0);
      }
      expect([(await nextFrame()).streamId, (await nextFrame()).streamId]).to.deep.equal([1, 3]);
    }
  });
});

function statusOf({ payload }: Frame): unknown {
  return Response.decode(payload ?? Buffer.alloc(0)).status;
}
