import { once } from "node:events";
import { type Server, type ServerResponse, createServer } from "node:http";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Agent, type Dispatcher } from "undici";
import type { OutgoingCall } from "./outgoing-service.ts";
import { UndiciExchange } from "./undici-exchange.ts";

const LONG_MS = 60_000;

describe("UndiciExchange", () => {
  let server: Server;
  let agent: Agent;
  let origin: string;
  /** Requests that came in, and how to answer them. */
  let seen: { path: string | undefined; response: ServerResponse }[];

  beforeEach(async () => {
    seen = [];
    server = createServer(({ url }, response) => seen.push({ path: url, response }));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
    agent = new Agent({ connections: 1 });
  });
  afterEach(async () => {
    await agent.destroy();
    server.closeAllConnections();
    server.close();
  });

  function begin(options: Partial<Dispatcher.DispatchOptions>, signal: AbortSignal): Sent {
    const all: Dispatcher.DispatchOptions = { origin, path: "/", method: "POST", headers: ["a", "b"], ...options };
    const ends: (Error | undefined)[] = [];
    const call = {
      maxFieldBytes: 1000,
      signal,
      onResponse: () => undefined,
      onEnd: (error: Error | undefined) => ends.push(error),
    };
    const exchange = new UndiciExchange(call as unknown as OutgoingCall, LONG_MS);
    exchange.dispatch(agent, all);
    return { options: all, ends };
  }

  async function untilSeen(count: number): Promise<void> {
    while (seen.length < count) await delay(5);
  }

  it("leaves nothing of its request in undici's queue when it is given up there, and is never sent", async () => {
    const { signal } = new AbortController();
    begin({ path: "/first" }, signal);
    await untilSeen(1);
    const controller = new AbortController();
    const stream = new Readable({ read: () => undefined });
    const queued = [
      begin({ path: "/bytes", body: Buffer.alloc(1000) }, controller.signal),
      begin({ path: "/stream", body: stream }, controller.signal),
    ];
    begin({ path: "/last" }, signal);
    const reason = new Error("enough");
    controller.abort(reason);
    for (const { options, ends } of queued) {
      expect(ends).to.deep.equal([reason]);
      expect(options).to.deep.include({ headers: [], body: null });
    }
    expect(stream.destroyed).to.equal(true);
    seen[0]?.response.end();
    await untilSeen(2);
    expect(seen.map(({ path }) => path)).to.deep.equal(["/first", "/last"]);
    expect(queued.map(({ ends }) => ends.length)).to.deep.equal([1, 1]);
  });

  it("does not hand over what was given up before", async () => {
    const { options, ends } = begin({ body: Buffer.alloc(1000) }, AbortSignal.abort(new Error("early")));
    expect(ends).to.have.property("length", 1);
    expect(options.body).to.equal(null);
    begin({ path: "/next" }, new AbortController().signal);
    await untilSeen(1);
    expect(seen[0]?.path).to.equal("/next");
  });

  it("leaves a request alone that has begun", async () => {
    const { options } = begin({ body: Buffer.from("abc") }, new AbortController().signal);
    await untilSeen(1);
    seen[0]?.response.end();
    await delay(20);
    expect(options).to.deep.include({ headers: ["a", "b"], body: Buffer.from("abc") });
  });
});

interface Sent {
  readonly options: Dispatcher.DispatchOptions;
  readonly ends: readonly (Error | undefined)[];
}
