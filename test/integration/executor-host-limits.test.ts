import { Agent } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { ExecutorProcess } from "../support/executor-process.ts";
import { exchange, open } from "../support/http-exchange.ts";
import { eventually } from "../support/kubectl.ts";
import { buildRustGuest } from "../support/rust-guest.ts";

/** A small part of the time that a server lingers for one request. */
const ASK_EVERY_MS = 20;

describe("executor serve, limits", () => {
  let component: string;
  let executor: ExecutorProcess | undefined;

  before(async function () {
    this.timeout(600_000);
    component = join(await buildRustGuest("rust-host"), "rust_host.wasm");
  });
  afterEach(async () => {
    executor?.signal("SIGKILL");
    await executor?.ended();
  });
  after(() => {
    executor = undefined;
  });

  async function serve(
    ...flags: readonly string[]
  ): Promise<{ readonly port: number; readonly executor: ExecutorProcess }> {
    executor = new ExecutorProcess(["serve", "--listen", "127.0.0.1:0", ...flags, component]);
    return { port: await executor.port(), executor };
  }

  for (const [what, path] of [
    ["an endless loop", "/spin"],
    ["an endless recursion without loops", "/recurse?200"],
  ] as const) {
    it(`stops ${what} and serves others while it runs`, async () => {
      const server = await serve("--compute-ms", "2500");
      let stopped = 0;
      const spinning = [1, 2].map(async () => {
        const { status } = await exchange({ port: server.port, path });
        stopped += 1;
        return status;
      });
      for (let served = 0; served < 10; served += 1) await serveAnother(server.port);
      expect(stopped).to.equal(0);
      expect(await Promise.all(spinning)).to.deep.equal([504, 504]);
      expect((await server.executor.failure(path))["reason"]).to.match(/computed for more than 2500 ms/);
    });
  }

  it("answers 504 when a request takes too long, though its guest only waits", async () => {
    const { port, executor: process } = await serve("--request-ms", "300");
    const start = performance.now();
    expect((await exchange({ port, path: "/sleep?60000" })).status).to.equal(504);
    expect(performance.now() - start).to.be.within(250, 5000);
    expect((await process.failure("/sleep?60000"))["reason"]).to.match(/time of one request/);
  });

  it("cuts off an answer that has begun when its time is up", async () => {
    const { port } = await serve("--request-ms", "1000");
    await serveAnother(port); // What is compiled once, is then: the answer begins in its time.
    const response = await open({ port, path: "/slow?60000" });
    const error = await text(response).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Error);
  });

  it("has requests wait for their turn, and turns away more than may wait", async () => {
    const { port } = await serve("--max-concurrent", "2", "--max-queued", "3");
    const answers = await Promise.all(Array.from({ length: 8 }, async () => exchange({ port, path: "/sleep?500" })));
    const statuses = answers.map(({ status }) => status).toSorted((left, right) => left - right);
    expect(statuses).to.deep.equal([200, 200, 200, 200, 200, 503, 503, 503]);
    expect(answers.find(({ status }) => status === 503)?.headers["retry-after"]).to.equal("1");
    expect((await exchange({ port, path: "/" })).status).to.equal(200);
  });

  it("answers 503 when a request has waited too long for its turn", async () => {
    const { port } = await serve("--max-concurrent", "1", "--queue-ms", "200");
    const first = exchange({ port, path: "/sleep?3000" });
    await delay(500);
    expect((await exchange({ port, path: "/" })).status).to.equal(503);
    expect((await first).status).to.equal(200);
  });

  it("refuses bodies that are too large, whether they say so or not", async () => {
    const { port } = await serve("--max-body-bytes", "1000");
    expect((await exchange({ port, path: "/upload", body: "a".repeat(1000) })).body).to.equal("1000 bytes\n");
    expect((await exchange({ port, path: "/upload", body: "a".repeat(1001) })).status).to.equal(413);
    const headers = { "transfer-encoding": "chunked" };
    const chunked = await exchange({ port, path: "/upload", body: "a".repeat(5000), headers });
    expect(chunked.status).to.equal(400);
    expect(chunked.body).to.match(/HttpRequestBodySize\(Some\(1000\)\)/);
  });

  it("refuses heads that are too large", async () => {
    const { port } = await serve("--max-header-bytes", "2000");
    expect((await exchange({ port, path: "/", headers: { a: "b".repeat(1000) } })).status).to.equal(200);
    expect((await exchange({ port, path: "/", headers: { a: "b".repeat(3000) } })).status).to.equal(431);
  });

  it("ends by SIGTERM when the running requests have ended", async () => {
    const server = await serve();
    const running = exchange({ port: server.port, path: "/sleep?4000" });
    await serveAnother(server.port);
    server.executor.signal("SIGTERM");
    await untilRefused(server.port, 3000);
    const { status, headers } = await running;
    expect(status).to.equal(200);
    expect(headers.connection).to.equal("close");
    expect((await server.executor.ended()).code).to.equal(0);
  });

  it("goes on by SIGTERM until no more requests come, but for probes, and closes with each answer", async () => {
    const server = await serve("--linger-ms", "2000");
    const agent = new Agent({ keepAlive: true });
    const ask = { port: server.port, path: "/" };
    expect((await exchange({ ...ask, agent })).headers.connection).to.equal("keep-alive");
    const start = performance.now();
    server.executor.signal("SIGTERM");
    for (const connection of [{ agent }, {}, {}]) {
      await delay(300);
      const { status, headers } = await exchange({ ...ask, ...connection });
      expect([status, headers.connection]).to.deep.equal([200, "close"]);
    }
    const probing = setInterval(() => {
      exchange({ ...ask, headers: { "user-agent": "kube-probe/1.34" } }).catch(() => undefined);
    }, 100);
    expect((await server.executor.ended()).code).to.equal(0);
    clearInterval(probing);
    expect(performance.now() - start).to.be.at.least(2800);
  });

  it("goes on by SIGTERM for some time only, though requests come and come", async () => {
    const server = await serve("--linger-ms", "500");
    const start = performance.now();
    server.executor.signal("SIGTERM");
    await untilRefused(server.port, 10_000);
    expect(performance.now() - start).to.be.at.least(1900);
  });

  it("ends guests by force after the grace period", async () => {
    const server = await serve("--grace-ms", "300");
    const running = exchange({ port: server.port, path: "/sleep?60000" });
    await serveAnother(server.port);
    const start = performance.now();
    server.executor.signal("SIGTERM");
    expect((await running).status).to.equal(503);
    expect((await server.executor.ended()).code).to.equal(0);
    expect(performance.now() - start).to.be.within(250, 5000);
  });

  it("listens where the environment says", async () => {
    for (const environment of [
      { SPIN_HTTP_LISTEN_ADDR: "127.0.0.1:0", PORT: "1" },
      { WASMTIME_HTTP_PROXY_SOCKET_ADDR: "127.0.0.1:0" },
      { PORT: "0" },
    ]) {
      const process = new ExecutorProcess(["serve", component], environment);
      expect((await exchange({ port: await process.port(), path: "/" })).status).to.equal(200);
      expect((await process.stop()).code).to.equal(0);
    }
  });

  it("says what is wrong with its arguments", async () => {
    for (const [args, message] of [
      [["serve"], /file is missing/],
      [["serve", "/nowhere.wasm"], /Cannot read the component "\/nowhere.wasm"/],
      [["serve", "--listen", "nowhere", component], /--listen "nowhere": it must be IP:PORT/],
      [["serve", "--request-ms", "soon", component], /--request-ms "soon"/],
      [["serve", "--env", "A", component], /--env "A": it must be NAME=VALUE/],
      [["serve", "--dir", "/nowhere", component], /folder "\/nowhere"/],
      [["run", component], /does not export wasi:cli\/run/],
      [[], /executor serve/],
    ] as const) {
      const { code, stderr } = await new ExecutorProcess(args).ended();
      expect(code, stderr).to.equal(2);
      expect(stderr).to.match(message);
    }
  });
});

/** A request and its answer. Then those that were sent before it are with the guest: one thread takes them in order. */
async function serveAnother(port: number): Promise<void> {
  expect((await exchange({ port, path: "/" })).body).to.equal("call 1\n");
}

/**
 * Asks until new connections are refused, and so often that the server never lingers in vain; one that comes in the
 * instant in which the server stops to listen is reset.
 */
async function untilRefused(port: number, ms: number): Promise<void> {
  async function isRefused(): Promise<true | undefined> {
    return exchange({ port, path: "/" }).then(
      () => undefined,
      (reason: unknown) => (reason instanceof Error && "code" in reason && reason.code === "ECONNREFUSED") || undefined,
    );
  }
  await eventually("a refusal", ms, isRefused, ASK_EVERY_MS);
}
