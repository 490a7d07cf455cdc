import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { TtrpcClient } from "./client.ts";
import { encodeFrame, FRAME_TYPE } from "./frame.ts";
import { Loopback, SERVICE, TIMEOUT_MS } from "./loopback.ts";
import { Request } from "./messages.ts";

describe("TtrpcServer under load and at its end", () => {
  let loopback: Loopback;
  beforeEach(async () => {
    loopback = await Loopback.create();
  });
  afterEach(async () => {
    await loopback.close();
  });

  it("runs no more than maxCalls at a time, and starts the others as those end", async () => {
    let running = 0;
    let most = 0;
    loopback.serve(
      {
        async Work(payload) {
          running += 1;
          most = Math.max(most, running);
          await delay(1);
          running -= 1;
          return payload;
        },
      },
      { maxCalls: 3 },
    );
    const client = await loopback.connect();
    const texts = Array.from({ length: 100 }, (_, index) => String(index));
    expect(await Promise.all(texts.map(async (text) => loopback.call(client, "Work", text)))).to.deep.equal(texts);
    expect(most).to.equal(3);
  });

  it("does not count calls that wait, but refuses more than maxWaitingCalls of them", async () => {
    const server = loopback.serve(
      {
        Wait: { waits: true, handle: async () => new Promise<Uint8Array>(() => undefined) },
        Kill: async (payload) => payload,
      },
      { maxCalls: 1, maxWaitingCalls: 2 },
    );
    const client = await loopback.connect();
    const ended = [1, 2].map(async () => loopback.failureOf(client, "Wait"));
    expect(await loopback.failureOf(client, "Wait")).to.have.property("code", "RESOURCE_EXHAUSTED");
    expect(await loopback.call(client, "Kill", "k")).to.equal("k");
    await server.close(TIMEOUT_MS);
    for (const error of await Promise.all(ended)) expect(error).to.have.property("code", "UNAVAILABLE");
  });

  it("stops reading while answers are not taken, and holds few of them", async () => {
    let calls = 0;
    const answer = Buffer.alloc(64 * 1024);
    loopback.serve(
      {
        async Read() {
          calls += 1;
          return answer;
        },
      },
      { maxUnsentBytes: 256 * 1024 },
    );
    const { socket, nextFrame } = loopback.connectRaw();
    socket.pause();
    const read = Request.encode({ service: SERVICE, method: "Read" });
    const count = 500;
    const frames = Array.from({ length: count }, (_, index) =>
      encodeFrame({ streamId: 2 * index + 1, type: FRAME_TYPE.request, flags: 0 }, read),
    );
    socket.write(Buffer.concat(frames));
    await settled(() => calls);
    expect(calls).to.be.lessThan(270); // 256 may have run at once.
    socket.resume();
    for (let index = 0; index < count; index += 1) await nextFrame();
    expect(calls).to.equal(count);
  });

  it("lets running calls end and be answered before it closes, and takes no new ones", async () => {
    const release = Promise.withResolvers<Uint8Array>();
    const started = Promise.withResolvers<undefined>();
    const server = loopback.serve({
      async Slow() {
        started.resolve(undefined);
        return release.promise;
      },
    });
    const client = await loopback.connect();
    const slow = loopback.call(client, "Slow");
    await started.promise;
    const closed = server.close(TIMEOUT_MS);
    release.resolve(Buffer.from("done"));
    expect(await slow).to.equal("done");
    await closed;
    const late = await TtrpcClient.connect(loopback.path, TIMEOUT_MS, loopback.signal).catch(
      (reason: unknown) => reason,
    );
    expect(late).to.have.property("code", "UNAVAILABLE");
  });

  it("cuts calls off that do not end in time when it closes", async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const server = loopback.serve({
      async Hang(_payload, context) {
        started.resolve(context.signal);
        return new Promise<Uint8Array>(() => undefined);
      },
    });
    const failed = loopback.failureOf(await loopback.connect(), "Hang");
    const serverSide = await started.promise;
    await server.close(10);
    expect(await failed).to.have.property("code", "UNAVAILABLE");
    expect(serverSide.aborted).to.equal(true);
  });
});

/** Waits until a number that has risen does not rise any more. */
async function settled(read: () => number): Promise<void> {
  for (let before = 0; before === 0 || before !== read();) {
    before = read();
    await delay(50);
  }
}
