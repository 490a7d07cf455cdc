import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { RunningApi } from "../start-api.ts";
import { startApi } from "../start-api.ts";

describe("startApi()", () => {
  let server: RunningApi;
  let dir: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "rcm-api-"));
    server = await startApi({ dir, with: "controllers" }, limit());
  });

  after(async () => server.stop(limit()));

  it("starts an API server that keeps its objects when it is killed", async () => {
    const signal = limit();
    const body = { metadata: { name: "kept" } };
    await server.api.call({ method: "POST", path: "/api/v1/namespaces", body }, signal);
    await server.killApiServer(signal);
    const away = await server.api.call({ path: "/readyz" }, signal).catch((reason: unknown) => reason);
    expect(away).to.be.instanceOf(Error);
    await server.startApiServer(signal);
    expect(await server.api.call({ path: "/api/v1/namespaces/kept" }, signal)).to.have.property("kind", "Namespace");
  });

  it("logs who asked for what", async () => {
    await server.api.call({ path: "/api/v1/namespaces/kube-public" }, limit());
    const lines = (await readFile(server.auditLog, "utf8")).trim().split("\n");
    const entries = lines.map((line) => JSON.parse(line) as { requestURI: string; userAgent: string; stage: string });
    const ours = entries.filter(({ userAgent }) => userAgent === "rcm-cluster");
    expect(ours.map(({ requestURI }) => requestURI)).to.include("/api/v1/namespaces/kube-public");
    expect(new Set(entries.map(({ stage }) => stage))).to.deep.equal(new Set(["ResponseComplete"]));
  });
});

/** For what must not hang. Each has its own: one for all would begin when the file is loaded, and other tests come first. */
function limit(): AbortSignal {
  return AbortSignal.timeout(60_000);
}
