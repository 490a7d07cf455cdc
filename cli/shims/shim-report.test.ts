import { expect } from "chai";
import { describe, it } from "mocha";
import { exampleNode, exampleShim, NOW } from "./build-examples.ts";
import { nodeLine, reportOf } from "./shim-report.ts";

describe("reportOf()", () => {
  it("shows how a shim is, what is wanted, and its nodes", () => {
    const nodes = [exampleNode("node-a"), exampleNode("b", { state: "Loaded", since: "2026-11-27T11:59:48Z" })];
    expect(reportOf(exampleShim("Provisioned", nodes), NOW)).to.equal(`spin-v2: Provisioned: what the manager says
RuntimeClass wasmtime-spin-v2, handler spin, all nodes at once

NODE     STATE    FOR   TRY   SHA256         MESSAGE
node-a   Proven   5m    1     3fd0a1b2c3d4
b        Loaded   12s   1     3fd0a1b2c3d4
`);
  });

  it("says why nodes failed, and what can be done", () => {
    const failed = { state: "RolledBack", reason: "RestartFailed", message: "it did not start", attempt: 3 } as const;
    const shim = exampleShim("TooManyFailures", [exampleNode("b", failed), { name: "c", state: "Pending" }]);
    const rolloutStrategy = { type: "rolling", rolling: { maxUpdate: "10%" } } as const;
    const spec = { ...shim.spec, rolloutStrategy, paused: true };
    const report = reportOf({ ...shim, spec, status: { ...shim.status, nodeStatesOmitted: 7 } }, NOW);
    expect(report).to.equal(`spin-v2: TooManyFailures: what the manager says
RuntimeClass wasmtime-spin-v2, handler spin, rolling, 10% at a time, paused

NODE   STATE        FOR   TRY   SHA256         MESSAGE
b      RolledBack   5m    3     3fd0a1b2c3d4   RestartFailed: it did not start
c      Pending
and 7 more nodes

What the installer said: kubectl shim logs spin-v2 --node b
To try failed nodes again now: kubectl shim retry spin-v2
To go on with the rollout: kubectl shim resume spin-v2
`);
  });

  it("has no table without nodes", () => {
    const shim = exampleShim("Removing", [], { metadata: { name: "old", deletionTimestamp: "2026-11-27T11:55:00Z" } });
    expect(reportOf(shim, NOW)).to.equal(`old: Removing: what the manager says
RuntimeClass wasmtime-spin-v2, handler spin, all nodes at once, being deleted
`);
  });

  it("says that nobody has seen it", () => {
    const { metadata, spec } = exampleShim("Provisioned", []);
    expect(reportOf({ metadata: { ...metadata }, spec: { ...spec, rolloutStrategy: { type: "rolling" } } }, NOW)).to
      .equal(`spin-v2: its manager has said nothing yet: see that it runs
RuntimeClass wasmtime-spin-v2, handler spin, rolling, 1 at a time
`);
  });
});

describe("nodeLine()", () => {
  it("has what is known of the node", () => {
    expect(nodeLine({ name: "a", state: "Installing" })).to.equal("a: Installing");
    expect(nodeLine({ name: "a", state: "Failed", reason: "DiskFull", message: "free 1 MB" })).to.equal(
      "a: Failed: DiskFull: free 1 MB",
    );
  });
});
