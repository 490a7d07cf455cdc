import { connect } from "node:net";
import type { Log } from "@rcm/lib/log";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { createMetrics } from "./metrics.ts";
import { startStatusServer, type StatusServer, type StatusServerOptions } from "./server.ts";

function drop(): void {
  // Nothing to see.
}

const LOG: Log = { debug: drop, info: drop, warn: drop, error: drop };

describe("startStatusServer()", () => {
  let server: StatusServer;
  let problems: string[];

  function check(): readonly string[] {
    return problems;
  }

  function options(): StatusServerOptions {
    const metrics = createMetrics();
    metrics.setLeading(true);
    metrics.watchQueue("shims", () => 7);
    metrics.observeRequest({ verb: "get", resource: "nodes", code: "200", durationMs: 5 });
    metrics.observeReconcile({ controller: "shims", result: "done", durationMs: 1500 });
    return { host: "127.0.0.1", port: 0, metrics, health: check, readiness: check, log: LOG };
  }

  beforeEach(async () => {
    problems = [];
    server = await startStatusServer(options());
  });

  afterEach(async () => server.close());

  async function ask(path: string, method = "GET"): Promise<readonly [status: number, body: string]> {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    return [answer.status, await answer.text()];
  }

  for (const path of ["/healthz", "/readyz"]) {
    it(`answers ${path} with ok or with what is wrong`, async () => {
      expect(await ask(path)).to.deep.equal([200, "ok\n"]);
      problems = ["nodes: not listed yet", "no lease"];
      expect(await ask(path)).to.deep.equal([503, "nodes: not listed yet\nno lease\n"]);
    });
  }

  it("serves the metrics of the process and of the machinery", async () => {
    const [status, body] = await ask("/metrics?x=1");
    expect(status).to.equal(200);
    const lines = [
      "rcm_leader 1",
      'rcm_queue_depth{controller="shims"} 7',
      'rcm_api_request_seconds_count{verb="get",resource="nodes",code="200"} 1',
      'rcm_reconcile_seconds_sum{controller="shims",result="done"} 1.5',
      "process_resident_memory_bytes ",
    ];
    for (const line of lines) expect(body).to.contain(line);
  });

  it("knows nothing else", async () => {
    expect((await ask("/"))[0]).to.equal(404);
    expect((await ask("/healthz", "POST"))[0]).to.equal(405);
    expect(await ask("/healthz", "HEAD")).to.deep.equal([200, ""]);
  });

  it("ends although somebody holds a connection open", async () => {
    const socket = connect(server.port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    const ended = new Promise((resolve) => socket.once("close", resolve).on("error", resolve));
    socket.write("GET /healthz HTTP/1.1\r\n");
    await server.close();
    await ended;
    expect(await ask("/healthz").catch((error: unknown) => error)).to.be.instanceOf(TypeError);
    server = await startStatusServer(options());
  });

  it("says that the port is taken", async () => {
    const second: unknown = await startStatusServer({ ...options(), port: server.port }).catch(
      (error: unknown) => error,
    );
    expect(second).to.include({ code: "LISTEN_FAILED" });
    expect(second)
      .to.have.property("message")
      .that.includes(`"127.0.0.1:${server.port}"`)
      .and.includes("--metrics-address");
  });
});
