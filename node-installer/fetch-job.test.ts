import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { InstallReport } from "@rcm/lib/install-job";
import { createLog } from "@rcm/lib/log";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { runFetchStage } from "./fetch-job.ts";
import { serve } from "./fetch/testing/loopback.ts";
import { SAMPLE_REQUEST } from "./testing/sample-host.ts";

describe("runFetchStage()", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-fetch-"));
  });
  afterEach(async () => rm(folder, { recursive: true }));

  async function fetchBy(env: Readonly<Record<string, string>>, location: string): Promise<InstallReport> {
    const request = { ...SAMPLE_REQUEST, artifact: { location } };
    const log = createLog("test", "error", new PassThrough());
    return runFetchStage(
      { request, artifactDir: folder, caFile: join(folder, "none"), env, log },
      AbortSignal.timeout(10_000),
    );
  }

  it("tries as often as the environment says", async () => {
    await using server = await serve((_request, response) => response.writeHead(503).end());
    const report = await fetchBy({ NUM_RETRY: "3", SLEEP_DURATION: "0.01" }, server.url);
    expect(report).to.include({ ok: false, reason: "ArtifactUnavailable" });
    expect(report.message).to.include("after 3 of 3 attempts");
    expect(server.asked).to.have.length(3);
  });

  it("says which variable it cannot read", async () => {
    const report = await fetchBy({ NUM_RETRY: "often" }, "https://example.test/");
    expect(report).to.include({ ok: false, reason: "RequestInvalid" });
    expect(report.message).to.include('NUM_RETRY: "often"');
  });
});
