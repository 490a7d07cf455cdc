import { lockFile } from "@rcm/lib/flock";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { describePlan } from "./describe-plan.ts";
import { createSampleHost, SAMPLE_REQUEST } from "./testing/sample-host.ts";
import type { SampleHost } from "./testing/sample-host.ts";

const JOURNAL = {
  schema: 1,
  id: "i",
  shim: "other",
  handler: "other",
  operation: "install",
  phase: "restarting",
  bootId: "b",
  files: [],
  folders: [],
  link: {},
};

describe("describePlan()", () => {
  let host: SampleHost;
  beforeEach(async () => {
    host = await createSampleHost();
  });
  afterEach(async () => host.remove());

  async function plan(timeoutMs = 10_000): Promise<unknown> {
    const digest = "d".repeat(64);
    return describePlan(host.context, SAMPLE_REQUEST, digest, AbortSignal.timeout(timeoutMs)).catch(
      (error: unknown) => error,
    );
  }

  it("says what would change, and leaves nothing that it made", async () => {
    const before = await host.listing();
    expect(await plan())
      .to.include("+++")
      .and.include("50-rcm-demo-v1.toml")
      .and.include("link (none) ->");
    expect(await host.listing()).to.deep.equal(before);
  });

  it("leaves a damaged record as it is", async () => {
    await host.write("opt/rcm/record.json", "{");
    const before = await host.listing();
    expect(await plan()).to.include("+++");
    expect(await host.listing()).to.deep.equal(before);
  });

  it("leaves all of an interrupted change, and says what to do", async () => {
    await host.write("opt/rcm/journal.json", JSON.stringify(JOURNAL));
    await host.write("opt/rcm/transaction/before-0", "version = 3\n");
    await host.write("opt/rcm/transaction/dead-man.sh", "#!/bin/sh\n");
    const before = await host.listing();
    const error = await plan();
    expect(error).to.have.property("code", "Interrupted");
    expect(error).to.have.property("message").that.includes('install of shim "other"').and.includes("rollback");
    expect(await host.listing()).to.deep.equal(before);
  });

  it("waits for an installer that is at work", async () => {
    const lock = await lockFile(host.context.machineIdPath, 0, AbortSignal.timeout(1000));
    await host.write("opt/rcm/transaction/before-0", "version = 3\n");
    const stopped = await plan(300);
    await lock?.release();
    expect(stopped).to.have.property("name", "AbortError");
    expect(await plan()).to.include("+++");
    expect(await host.listing()).to.include("opt/rcm/transaction/before-0");
  });
});
