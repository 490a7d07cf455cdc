import { nodeKey } from "@rcm/crds";
import { expect } from "chai";
import { describe, it } from "mocha";
import { startsOf } from "./build-cases.ts";
import {
  ago,
  endedJob,
  exampleJob,
  exampleNode,
  exampleObserved,
  exampleRecord,
  failedRecord,
} from "./build-examples.ts";
import { planShim, type Observed, type Plan } from "./plan.ts";

const KEY = nodeKey("spin-v2");

function planOf(part: Partial<Observed>): Plan {
  return planShim(exampleObserved(part));
}

describe("planShim() while pods use what is to be removed", () => {
  it("removes a Job that found users once the next one is made, and no other", () => {
    const nodes = [exampleNode({ labels: {}, records: { [KEY]: exampleRecord() } })];
    const past = { operation: "uninstall", phase: "failed" } as const;
    const failed = endedJob({ ok: false, reason: "HostLocked" }, { ...past, name: "locked", createdAt: ago(90) });
    const asked = endedJob({ ok: false, reason: "InUse" }, { ...past, name: "asked", createdAt: ago(60), attempt: 2 });
    const next = exampleJob({ ...past, phase: "active", name: "next", createdAt: ago(1), attempt: 3 });
    expect(planOf({ nodes, jobs: [failed, asked] }).jobsToDelete).to.deep.equal([]);
    expect(planOf({ nodes, jobs: [failed, asked, next] }).jobsToDelete).to.deep.equal([asked]);
  });

  it("lets Jobs that ask for users have a quarter of the cluster's installers, and the Shim's other nodes the rest", () => {
    const busy = failedRecord({ operation: "uninstall", reason: "InUse", at: ago(700), users: ["default/x"] });
    const nodes = ["a", "b", "c"].map((name) =>
      exampleNode({
        name,
        labels: {},
        records: { [KEY]: { ...busy, machineId: `machine-${name}`, bootId: `boot-${name}` } },
      }),
    );
    const fresh = ["x", "y"].map((name) => exampleNode({ name }));
    const made = planOf({ nodes: [...nodes, ...fresh], maxConcurrentJobs: 4 });
    expect(startsOf(made)).to.deep.equal(["uninstall a 2", "install x 1", "install y 1"]);
    const asking = exampleJob({ ownerUid: "other", nodeUid: "uid-z", operation: "uninstall", why: "StillInUse" });
    const jobs = [{ ...asking, createdAt: ago(1) }];
    expect(startsOf(planOf({ nodes, jobs, maxConcurrentJobs: 4 }))).to.deep.equal([]);
  });

  it("goes on with a removal whose users are gone", () => {
    const job = "uninstall-00000000";
    const busy = failedRecord({ operation: "uninstall", reason: "InUse", job, at: ago(60), users: ["default/x"] });
    const nodes = [exampleNode({ labels: {}, records: { [KEY]: busy } })];
    expect(startsOf(planOf({ nodes }))).to.deep.equal([]);
    expect(startsOf(planOf({ nodes, usersGone: new Set([job]) }))).to.deep.equal(["uninstall node1 2"]);
  });
});
