import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { TtrpcClient } from "./client.ts";
import { encodeFrame, FRAME_TYPE, MAX_PAYLOAD_BYTES } from "./frame.ts";
import { Loopback, SERVICE, TIMEOUT_MS } from "./loopback.ts";
import { Response } from "./messages.ts";
import type { Call } from "./service.ts";

describe("TtrpcClient", () => {
  let loopback: Loopback;
  beforeEach(async () => {
    loopback = await Loopback.create();
  });
  afterEach(async () => {
    await loopback.close();
  });

  it("carries payloads, and metadata by key in lower case", async () => {
    let seen: Call | undefined;
    loopback.serve({
      async Echo(payload, context) {
        seen = context;
        return payload;
      },
    });
    const client = await loopback.connect();
    const payload = Buffer.from([0, 1, 255]);
    const metadata = { "Some-Key": "v" };
    const answer = await client.call(
      { service: SERVICE, method: "Echo", payload, timeoutMs: 1000, metadata },
      loopback.signal,
    );
    expect(Buffer.from(answer)).to.deep.equal(payload);
    expect(seen?.metadata).to.deep.equal(new Map([["some-key", ["v"]]]));
    expect(seen?.signal.aborted).to.equal(false);
  });

  it("answers in the order in which handlers end", async () => {
    const release = Promise.withResolvers<Uint8Array>();
    loopback.serve({ Slow: async () => release.promise, Fast: async (payload) => payload });
    const client = await loopback.connect();
    const order: string[] = [];
    const slow = loopback.call(client, "Slow").then((text) => order.push(text));
    order.push(await loopback.call(client, "Fast", "fast"));
    release.resolve(Buffer.from("slow"));
    await slow;
    expect(order).to.deep.equal(["fast", "slow"]);
  });

  it("gives up in the client after the timeout, whatever the server does", async () => {
    const error = await loopback.failureOf(await loopback.connect(), "Hang", "", 20);
    expect(error).to.include({
      code: "DEADLINE_EXCEEDED",
      message: `Cannot call "${SERVICE}/Hang": there was no answer within 20 ms`,
    });
  });

  it("ends a call whose signal aborts with the signal's reason, and goes on with others", async () => {
    loopback.serve({ Hang: async () => new Promise<Uint8Array>(() => undefined), Echo: async (payload) => payload });
    const client = await loopback.connect();
    const abort = new AbortController();
    const request = { service: SERVICE, method: "Hang", payload: Buffer.alloc(0), timeoutMs: TIMEOUT_MS };
    const hanging = client.call(request, abort.signal).catch((reason: unknown) => reason);
    abort.abort(new Error("enough"));
    expect(await hanging).to.have.property("message", "enough");
    expect(await loopback.call(client, "Echo", "still here")).to.equal("still here");
  });

  it("fails the client's calls and aborts the server's when the connection is lost", async () => {
    const started = Promise.withResolvers<AbortSignal>();
    loopback.serve({
      async Hang(_payload, context) {
        started.resolve(context.signal);
        return new Promise<Uint8Array>(() => undefined);
      },
    });
    const client = await loopback.connect();
    const failed = loopback.failureOf(client, "Hang");
    const serverSide = await started.promise;
    client.close();
    expect(await failed).to.have.property("code", "UNAVAILABLE");
    await new Promise<void>((resolve) => {
      if (serverSide.aborted) resolve();
      else serverSide.addEventListener("abort", () => resolve());
    });
    expect(serverSide.reason).to.have.property("code", "UNAVAILABLE");
    expect(client.isClosed).to.equal(true);
    expect(await loopback.failureOf(client, "Hang")).to.have.property("code", "UNAVAILABLE");
  });

  it("fails to connect where nobody listens", async () => {
    const error = await TtrpcClient.connect(`${loopback.path}-none`, TIMEOUT_MS, loopback.signal).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.have.property("code", "UNAVAILABLE");
    expect(String(error)).to.include(`"${loopback.path}-none"`);
  });

  it("refuses a payload above the limit on either side, and goes on", async () => {
    loopback.serve({ Big: async () => Buffer.alloc(MAX_PAYLOAD_BYTES), Echo: async (payload) => payload });
    const client = await loopback.connect();
    const sent = await loopback.failureOf(client, "Echo", "x".repeat(MAX_PAYLOAD_BYTES));
    expect(sent).to.have.property("code", "RESOURCE_EXHAUSTED");
    const received = await loopback.failureOf(client, "Big");
    expect(received).to.have.property("code", "RESOURCE_EXHAUSTED");
    const largest = "x".repeat(MAX_PAYLOAD_BYTES - 100);
    expect(await loopback.call(client, "Echo", largest)).to.equal(largest);
  });

  const answers = [
    ["of more than 4 MiB", FRAME_TYPE.response, Buffer.alloc(5 * 1024 * 1024), "RESOURCE_EXHAUSTED"],
    ["that is no response", FRAME_TYPE.response, Buffer.from([0xff]), "INTERNAL"],
    ["that is a stream", FRAME_TYPE.data, Buffer.from("data"), "UNIMPLEMENTED"],
    ["with an unknown status", FRAME_TYPE.response, Response.encode({ status: { code: 99 } }), "UNKNOWN"],
  ] as const;
  for (const [what, type, payload, code] of answers) {
    it(`does not take an answer ${what}`, async () => {
      loopback.listening.on("connection", (socket) => {
        socket.once("data", () => {
          socket.write(encodeFrame({ streamId: 77, type: FRAME_TYPE.response, flags: 0 }, Buffer.alloc(0))); // Nobody's.
          socket.write(encodeFrame({ streamId: 1, type: 77, flags: 0 }, Buffer.alloc(0))); // Unknown.
          socket.write(encodeFrame({ streamId: 1, type, flags: 0 }, payload));
        });
        socket.on("error", () => undefined);
      });
      expect(await loopback.failureOf(await loopback.connect(), "Any")).to.have.property("code", code);
    });
  }

  it("refuses calls beyond the number that may be without answer", async () => {
    const client = await loopback.connect();
    const pending = Array.from({ length: 4096 }, async () => loopback.failureOf(client, "Hang"));
    expect(await loopback.failureOf(client, "Hang")).to.have.property("code", "RESOURCE_EXHAUSTED");
    client.close();
    expect(await Promise.all(pending)).to.have.length(4096);
  });

  it("refuses calls while a server does not read", async () => {
    loopback.listening.on("connection", (socket) => socket.pause());
    const client = await loopback.connect();
    const large = "x".repeat(4_000_000);
    const pending = Array.from({ length: 6 }, async () => loopback.failureOf(client, "Hang", large));
    expect(await loopback.failureOf(client, "Hang")).to.have.property("code", "RESOURCE_EXHAUSTED");
    client.close();
    expect(await Promise.all(pending)).to.have.length(6);
  });
});
