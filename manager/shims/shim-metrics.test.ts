import { expect } from "chai";
import { describe, it } from "mocha";
import { Registry } from "prom-client";
import { endedJob, exampleDecision, exampleRecord, failedRecord } from "./build-examples.ts";
import { createShimMetrics } from "./shim-metrics.ts";

describe("createShimMetrics()", () => {
  it("counts a Shim's nodes by state, and forgets a Shim that is gone", async () => {
    const registry = new Registry();
    const metrics = createShimMetrics(registry);
    const failed = exampleDecision({ state: "Failed", failed: true });
    const clean = exampleDecision({ state: "Removing", wanted: "absent", settled: true });
    metrics.setNodes("spin", [exampleDecision(), failed, failed, clean]);
    const text = await registry.metrics();
    expect(text).to.include('rcm_shim_nodes{shim="spin",state="Proven"} 1');
    expect(text).to.include('rcm_shim_nodes{shim="spin",state="Failed"} 2');
    expect(text).to.include('rcm_shim_nodes{shim="spin",state="Removing"} 0');
    metrics.forget("spin");
    expect(await registry.metrics()).to.not.include('shim="spin"');
  });

  it("measures how Jobs ended", async () => {
    const registry = new Registry();
    const metrics = createShimMetrics(registry);
    metrics.observe({ job: endedJob({ outageMs: 700, lostPods: ["a/1", "a/2"] }), record: exampleRecord() });
    metrics.observe({ job: endedJob({ ok: false, restarts: 2 }), record: failedRecord({ reason: "DiskFull" }) });
    const strange = JSON.parse('{"reason":"MadeUpByANode"}') as object; // A node says what it likes.
    metrics.observe({ job: endedJob({ ok: false, restarts: 0 }), record: failedRecord(strange) });
    metrics.observe({ job: endedJob({ restarts: 0 }, { operation: "uninstall" }), record: undefined });
    const text = await registry.metrics();
    expect(text).to.include("rcm_node_install_duration_seconds_sum 10");
    expect(text).to.include("rcm_node_install_duration_seconds_count 1");
    expect(text).to.include('rcm_install_failures_total{reason="DiskFull"} 1');
    expect(text).to.include('rcm_install_failures_total{reason="InternalError"} 1');
    expect(text).to.not.include("MadeUpByANode");
    expect(text).to.include("rcm_cri_restarts_total 3");
    expect(text).to.include("rcm_pods_lost_total 2");
    expect(text).to.include('rcm_cri_outage_seconds_bucket{le="1"} 1');
  });
});
