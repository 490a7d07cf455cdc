import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { message, one } from "@rcm/shim/proto/codec";
import { TtrpcClient } from "@rcm/shim/ttrpc/client";
import { MAX_PAYLOAD_BYTES } from "@rcm/shim/ttrpc/frame";
import { TtrpcServer } from "@rcm/shim/ttrpc/server";
import { TtrpcError } from "@rcm/shim/ttrpc/status";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { runCommand } from "../cluster/run-command.ts";
import { buildPeer } from "./ttrpc-peer.ts";

const SERVICE = "test.Service";
const TIMEOUT_MS = 30_000;
const BytesValue = message("BytesValue", { value: one(1, "bytes") });

/** How a call of the peer's client ended. */
interface Outcome {
  readonly code: string;
  readonly message: string;
  readonly bytes: number;
  readonly ms: number;
}

describe("ttrpc with containerd's own", () => {
  let peer = "";
  let folder = "";

  before(async function () {
    this.timeout(10 * 60_000); // The first build compiles all that containerd's API needs.
    peer = await buildPeer(limit());
    folder = await mkdtemp(join(tmpdir(), "rcm-ttrpc-"));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  describe("as the client of our server", () => {
    let listening: Server;
    let server: TtrpcServer;
    let outcomes: Readonly<Record<string, Outcome>> = {};

    before(async () => {
      const socket = join(folder, "ours");
      server = new TtrpcServer({
        [SERVICE]: {
          Echo: async (payload) => payload,
          async Delayed(payload) {
            await delay(Math.random() * 50);
            return payload;
          },
          Big: async () => BytesValue.encode({ value: Buffer.alloc(MAX_PAYLOAD_BYTES) }),
          async Fail() {
            throw new TtrpcError("FAILED_PRECONDITION", "not now");
          },
          Hang: { waits: true, handle: async () => new Promise<Uint8Array>(() => undefined) },
        },
      });
      listening = createServer();
      server.serve(listening);
      await once(listening.listen(socket), "listening");
      const said = await runCommand([peer, "client", socket], { timeoutMs: TIMEOUT_MS }, limit());
      outcomes = JSON.parse(said) as Record<string, Outcome>;
    });
    after(async () => {
      await server.close(0);
    });

    const expected: readonly (readonly [what: string, name: string, outcome: Partial<Outcome>])[] = [
      ["answers a call", "echo", { code: "OK", bytes: 3 }],
      ["answers an empty call", "empty", { code: "OK", bytes: 0 }],
      ["answers a call of almost 4 MiB", "large", { code: "OK", bytes: MAX_PAYLOAD_BYTES - 128 }],
      ["is not sent more than 4 MiB", "tooLarge", { code: "ResourceExhausted" }],
      ["does not answer with more than 4 MiB", "bigReply", { code: "ResourceExhausted" }],
      ["gives an error its code and message", "error", { code: "FailedPrecondition", message: "not now" }],
      ["says that a method is unknown", "unknown", { code: "Unimplemented" }],
      ["keeps a deadline", "deadline", { code: "DeadlineExceeded" }],
      ["answers 200 calls at once", "many", { code: "OK" }],
      ["bears a cancelled call", "canceled", { code: "Canceled" }],
      ["refuses a stream", "stream", { code: "Unimplemented" }],
      ["answers after all that", "after", { code: "OK", bytes: 5 }],
    ];
    for (const [what, name, outcome] of expected) {
      it(what, () => {
        expect(outcomes[name]).to.include(outcome);
      });
    }

    it("answered before anything timed out", () => {
      expect(outcomes["deadline"]?.ms).to.be.within(90, 5000);
      for (const { ms } of Object.values(outcomes)) expect(ms).to.be.lessThan(5000);
    });
  });

  describe("as the server of our client", () => {
    let socket = "";
    let server: ChildProcess;
    let client: TtrpcClient;

    before(async () => {
      socket = join(folder, "theirs");
      const started = spawn(peer, ["server", socket], { stdio: ["ignore", "pipe", "inherit"] });
      server = started;
      await once(started.stdout, "data");
    });
    after(() => {
      server.kill();
    });
    beforeEach(async () => {
      client = await TtrpcClient.connect(socket, TIMEOUT_MS, limit());
    });
    afterEach(() => {
      client.close();
    });

    async function call(method: string, payload: Uint8Array, timeoutMs = TIMEOUT_MS): Promise<Uint8Array> {
      const encoded = BytesValue.encode({ value: payload });
      const request = { service: SERVICE, method, payload: encoded, timeoutMs, metadata: { key: "from metadata" } };
      return BytesValue.decode(await client.call(request, limit())).value;
    }

    async function failureOf(method: string, timeoutMs?: number): Promise<unknown> {
      return call(method, Buffer.alloc(0), timeoutMs).catch((reason: unknown) => reason);
    }

    it("is answered, also almost 4 MiB", async () => {
      expect(text(await call("Echo", Buffer.from("hello")))).to.equal("hello");
      expect(await call("Echo", Buffer.alloc(MAX_PAYLOAD_BYTES - 128))).to.have.length(MAX_PAYLOAD_BYTES - 128);
    });

    it("carries metadata", async () => {
      expect(text(await call("Metadata", Buffer.alloc(0)))).to.equal("from metadata");
    });

    it("gets 200 answers of calls made at once", async () => {
      const texts = Array.from({ length: 200 }, (_, index) => String(index));
      const answers = await Promise.all(texts.map(async (each) => text(await call("Echo", Buffer.from(each)))));
      expect(answers).to.deep.equal(texts);
    });

    it("gets an error with its code and message", async () => {
      const error = await failureOf("Fail");
      expect(error).to.be.instanceOf(TtrpcError);
      expect(error).to.include({ code: "FAILED_PRECONDITION", message: "not now" });
    });

    it("learns that a method is unknown", async () => {
      expect(await failureOf("Unknown")).to.include({ code: "UNIMPLEMENTED" });
    });

    it("keeps a deadline", async () => {
      expect(await failureOf("Hang", 50)).to.include({ code: "DEADLINE_EXCEEDED" });
    });

    it("loses the connection to an answer of more than 4 MiB, for that server hangs up", async () => {
      expect(await failureOf("Big")).to.include({ code: "UNAVAILABLE" });
    });

    it("does not take a stream for an answer", async () => {
      expect(await failureOf("Stream")).to.include({ code: "UNIMPLEMENTED" });
    });

    it("cancels a call and goes on", async () => {
      const request = { service: SERVICE, method: "Hang", payload: Buffer.alloc(0), timeoutMs: TIMEOUT_MS };
      const error = await client.call(request, AbortSignal.timeout(20)).catch((reason: unknown) => reason);
      expect(error).to.have.property("name", "TimeoutError");
      expect(text(await call("Echo", Buffer.from("after")))).to.equal("after");
    });

    it("fails when the server is killed", async () => {
      const hanging = failureOf("Hang");
      server.kill("SIGKILL");
      expect(await hanging).to.include({ code: "UNAVAILABLE" });
    });
  });
});

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** For what must not hang. Each has its own: a whole suite takes longer than any of them. */
function limit(): AbortSignal {
  return AbortSignal.timeout(15 * 60_000);
}
