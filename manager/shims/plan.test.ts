import { nodeKey, RETRY_ANNOTATION } from "@rcm/crds";
import { expect } from "chai";
import { describe, it } from "mocha";
import { artifactsOf } from "./artifacts.ts";
import { startsOf } from "./build-cases.ts";
import {
  ago,
  endedJob,
  exampleJob,
  exampleNode,
  exampleObserved,
  examplePod,
  exampleRecord,
  exampleShim,
  failedRecord,
  NOW,
} from "./build-examples.ts";
import type { NodeView } from "./node-view.ts";
import { planShim, type Observed, type Plan } from "./plan.ts";
import { parseRecord, type NodeRecord } from "./record.ts";
import { runtimeClassFor } from "./runtime-class.ts";
import type { ShimObject } from "./shim-object.ts";

const KEY = nodeKey("spin-v2");

/** A node with a record of ours. */
function recorded(part: Partial<NodeRecord> = {}, node: Partial<NodeView> = {}): NodeView {
  const plain = exampleNode(node);
  const { machineId, bootId } = plain;
  const record = exampleRecord({ hash: wantedHash(), machineId, bootId, ...part });
  return { ...plain, records: { [KEY]: record } };
}

function wantedHash(): string {
  return artifactsOf(exampleShim())(exampleNode()).hash;
}

const DELETED = { deletionTimestamp: NOW };

function plan(part: Partial<Observed>): Plan {
  return planShim(exampleObserved(part));
}

function reasonOf({ status }: Plan): string | undefined {
  return status?.conditions?.[0]?.reason;
}

describe("planShim()", () => {
  it("starts one Job on each selected node, and holds the Shim first", () => {
    const nodes = [exampleNode(), exampleNode({ name: "node2" }), exampleNode({ name: "other", labels: {} })];
    const made = plan({ nodes, shim: exampleShim({}, { finalizers: [] }) });
    expect(startsOf(made)).to.deep.equal(["install node1 1", "install node2 1"]);
    expect([made.addFinalizer, made.runtimeClass.kind]).to.deep.equal([true, "create"]);
    expect(made.demotions.map(({ labels }) => labels[KEY])).to.deep.equal(["pending", "pending"]);
    expect(made.starts[0]?.artifact).to.deep.equal({
      location: "https://example.org/a.tar.gz",
      sha256: "a".repeat(64),
    });
    expect(made.status?.nodesUpdating).to.equal(2);
  });

  it("starts nothing when all is well, and writes nothing", () => {
    const labels = { wasm: "true", [KEY]: "provisioned", "spin-v2": "provisioned" };
    const runtimeClass = runtimeClassFor(exampleShim());
    const observed = exampleObserved({ nodes: [recorded({}, { labels })], runtimeClass });
    const { status } = planShim(observed);
    const shim = { ...observed.shim, ...(status === undefined ? {} : { status }) };
    const { decisions: _, ifRefused: __, ...made } = planShim({ ...observed, shim });
    expect(made).to.deep.equal({
      addFinalizer: false,
      runtimeClass: { kind: "none" },
      demotions: [],
      starts: [],
      jobsToDelete: [],
      promotions: [],
      status: undefined,
      removeFinalizer: false,
      news: [],
      announcements: [],
      outcome: { kind: "wait", afterMs: 600_000, reason: "Resync" },
    });
  });

  it("gives a node pods only after everything else", () => {
    const made = plan({ jobs: [endedJob({}, { hash: wantedHash() })] });
    expect(made.promotions.map(({ labels }) => labels[KEY])).to.deep.equal(["provisioned"]);
    expect([made.demotions, startsOf(made)]).to.deep.equal([[], []]);
    expect(made.announcements.map(({ reason, note }) => [reason, note])).to.deep.equal([
      ["ShimProvisioned", "node1: Proven sha256:dddddddddddd"],
    ]);
  });

  it("does not start on a node where another Shim's installer is at work", () => {
    const job = exampleJob({ ownerUid: "other-shim", shim: "other", nodeUid: "uid-node1" });
    expect(startsOf(plan({ nodes: [exampleNode(), exampleNode({ name: "node2" })], jobs: [job] }))).to.deep.equal([
      "install node2 1",
    ]);
  });

  it("counts all Shims' installers against the cluster's limit", () => {
    const job = exampleJob({ ownerUid: "other-shim", nodeUid: "uid-node9" });
    const nodes = ["node1", "node2", "node3"].map((name) => exampleNode({ name }));
    expect(startsOf(plan({ nodes, jobs: [job], maxConcurrentJobs: 3 }))).to.deep.equal([
      "install node1 1",
      "install node2 1",
    ]);
  });

  it("does not believe a Job that the Shim does not own", () => {
    const made = plan({ jobs: [endedJob({}, { ownerUid: undefined, hash: wantedHash() })] });
    expect([made.promotions, startsOf(made)]).to.deep.equal([[], ["install node1 1"]]);
  });

  it("does not believe a Job of a node that had the same name", () => {
    const old = endedJob({}, { nodeUid: "uid-before", hash: wantedHash() });
    const made = plan({ jobs: [old] });
    expect([made.jobsToDelete.map(({ name }) => name), startsOf(made)]).to.deep.equal([
      [old.name],
      ["install node1 1"],
    ]);
  });

  it("removes the Job of a node that is gone", () => {
    const job = exampleJob({ nodeUid: "uid-gone" });
    const made = plan({ nodes: [], jobs: [job] });
    expect(made.jobsToDelete).to.deep.equal([job]);
    expect(made.status?.nodes).to.equal(0);
  });

  it("gives a Job up whose pod cannot start, and says so on the node first", () => {
    const waiting = { reason: "ErrImagePull", message: "no such image" };
    const job = exampleJob({ hash: wantedHash(), pod: examplePod({ createdAt: ago(61), waiting }) });
    const made = plan({ jobs: [job] });
    expect(made.jobsToDelete).to.deep.equal([job]);
    expect(made.demotions[0]?.labels[KEY]).to.equal("failed");
    expect(made.demotions[0]?.annotations[KEY]).to.match(/"reason":"ImagePullFailed"/);
    expect(made.announcements[0]?.reason).to.equal("ShimFailed");
  });

  it("looks again soon while a pod has not started", () => {
    expect(plan({ jobs: [exampleJob({ createdAt: ago(1) })] }).outcome).to.include({ afterMs: 5000 });
  });

  it("looks again when the next try is due", () => {
    const failed = failedRecord({ at: ago(0), hash: wantedHash(), job: "install-00000000" });
    const node = exampleNode({ records: { [KEY]: failed } });
    expect(plan({ nodes: [node] }).outcome).to.include({ afterMs: 5000 });
  });

  it("reports a node that no source fits, and leaves it alone", () => {
    const made = plan({ nodes: [exampleNode({ architecture: "arm64" })] });
    expect(made.status?.nodeStates).to.deep.equal([
      {
        name: "node1",
        state: "Unsupported",
        reason: "NoArtifactForPlatform",
        message:
          "No entry of spec.fetchStrategy.platforms is for linux/arm64: add one, or exclude the node by spec.nodeSelector",
        since: NOW,
      },
    ]);
    expect([startsOf(made), made.demotions]).to.deep.equal([[], []]);
  });

  it("retries by the annotation of the Shim or of one node", () => {
    const failed = { ok: false, reason: "DigestMismatch", failures: 1 } as const;
    const nodes = [recorded({ ...failed }, { name: "node1" }), recorded({ ...failed }, { name: "node2", retry: "1" })];
    expect(startsOf(plan({ nodes }))).to.deep.equal(["install node2 2"]);
    const shim = exampleShim({}, { annotations: { [RETRY_ANNOTATION]: "1" } });
    expect(startsOf(plan({ nodes, shim }))).to.deep.equal(["install node1 2", "install node2 2"]);
  });

  it("starts nothing while paused", () => {
    const made = plan({ shim: exampleShim({ paused: true }) });
    expect([startsOf(made), reasonOf(made)]).to.deep.equal([[], "Paused"]);
    expect(made.announcements.map(({ reason }) => reason)).to.deep.equal(["RolloutPaused"]);
  });

  it("removes the shim from a node that is not selected any more", () => {
    const made = plan({ nodes: [recorded({}, { labels: { [KEY]: "provisioned" } })] });
    expect(startsOf(made)).to.deep.equal(["uninstall node1 2"]);
    expect(made.demotions[0]?.labels).to.include({ [KEY]: "uninstalling" });
    expect([made.removeFinalizer, reasonOf(made)]).to.deep.equal([false, "Removing"]);
  });
});

function removal(part: Partial<Observed>, shim: Partial<ShimObject["spec"]> = {}): Plan {
  return plan({ shim: exampleShim(shim, DELETED), runtimeClass: runtimeClassFor(exampleShim()), ...part });
}

describe("planShim() of a Shim that is being deleted", () => {
  it("removes the shim from every node that has it, paused or not", () => {
    const nodes = [recorded(), exampleNode({ name: "node2" })];
    const made = removal({ nodes }, { paused: true });
    expect([startsOf(made), made.removeFinalizer, made.runtimeClass.kind]).to.deep.equal([
      ["uninstall node1 2"],
      false,
      "none",
    ]);
  });

  it("waits for an installer that is at work", () => {
    const made = removal({ jobs: [exampleJob({ createdAt: ago(1) })] });
    expect([startsOf(made), made.removeFinalizer]).to.deep.equal([[], false]);
  });

  it("lets go when the last node is clean, after the node and the RuntimeClass", () => {
    const node = recorded({}, { labels: { [KEY]: "uninstalling" } });
    const made = removal({ nodes: [node], jobs: [endedJob({}, { operation: "uninstall", hash: wantedHash() })] });
    expect(made.demotions.map(({ labels, annotations }) => [labels[KEY], annotations[KEY]])).to.deep.equal([
      [null, null],
    ]);
    expect([made.runtimeClass.kind, made.removeFinalizer]).to.deep.equal(["delete", true]);
    expect(made.outcome).to.deep.equal({ kind: "done" });
  });

  it("lets go when the node is gone", () => {
    expect(removal({ nodes: [], jobs: [exampleJob()] }).removeFinalizer).to.equal(true);
  });

  it("lets go when no node was ever touched", () => {
    const made = removal({ nodes: [exampleNode()] });
    expect([made.removeFinalizer, startsOf(made), made.demotions]).to.deep.equal([true, [], []]);
  });

  it("lets go of a node on which no installer ever started, without another", () => {
    const [order] = plan({}).starts;
    const waiting = { reason: "FailedMount", message: "mkdir /opt/rcm: read-only file system" };
    const pod = examplePod({ createdAt: ago(61), waiting });
    const job = exampleJob({ hash: wantedHash(), untouched: order?.untouched === true, pod });
    const failed = plan({ jobs: [job], nodes: [exampleNode({ labels: { wasm: "true", [KEY]: "pending" } })] });
    const note = failed.demotions[0]?.annotations[KEY] ?? undefined;
    const records = { [KEY]: parseRecord(note) };
    const made = removal({ nodes: [exampleNode({ labels: { [KEY]: "failed" }, records })] });
    expect([startsOf(made), made.removeFinalizer]).to.deep.equal([[], true]);
    expect(made.demotions.map(({ labels, annotations }) => [labels[KEY], annotations[KEY]])).to.deep.equal([
      [null, null],
    ]);
  });

  it("says which pods it waits for", () => {
    const busy = failedRecord({ operation: "uninstall", reason: "InUse", message: "default/x uses it" });
    const made = removal({ nodes: [exampleNode({ records: { [KEY]: busy } })] });
    expect(made.status?.conditions?.[0]?.message).to.equal(
      "1 nodes still have the shim; node1: InUse: default/x uses it",
    );
  });

  it("leaves a RuntimeClass alone that it did not make", () => {
    const foreign = { metadata: { name: "wasmtime-spin-v2", uid: "other" }, handler: "spin" };
    const made = removal({ nodes: [], runtimeClass: foreign });
    expect([made.runtimeClass.kind, made.removeFinalizer]).to.deep.equal(["none", true]);
  });

  it("does nothing once the finalizer is gone", () => {
    const made = removal({ nodes: [], shim: exampleShim({}, { ...DELETED, finalizers: [] }) });
    expect([made.removeFinalizer, made.status]).to.deep.equal([false, undefined]);
  });
});

describe("planShim() with other Shims", () => {
  const older = exampleShim({}, { name: "older", uid: "older-uid", creationTimestamp: ago(7200) });

  it("starts nothing when an older Shim has the handler, and says so", () => {
    const shim = exampleShim({ runtimeClass: { name: "another", handler: "spin" } });
    const made = plan({ shim, shims: [older, shim] });
    expect([startsOf(made), reasonOf(made), made.runtimeClass.kind]).to.deep.equal([[], "HandlerConflict", "none"]);
    expect(made.announcements[0]).to.deep.include({ reason: "HandlerConflict", type: "Warning" });
    expect(made.status?.conditions?.[0]?.message).to.match(/Shim "older" is older and has the handler "spin"/);
  });

  it("starts nothing when an older Shim has the RuntimeClass", () => {
    const shim = exampleShim({ runtimeClass: { name: "wasmtime-spin-v2", handler: "another" } });
    expect(reasonOf(plan({ shim, shims: [shim, older] }))).to.equal("HandlerConflict");
  });

  it("goes on in the older one", () => {
    const younger = exampleShim({}, { name: "younger", uid: "y", creationTimestamp: ago(1) });
    expect(startsOf(plan({ shims: [exampleShim(), younger] }))).to.deep.equal(["install node1 1"]);
  });

  it("still removes what it has on nodes", () => {
    const shim = exampleShim({}, DELETED);
    expect(startsOf(plan({ shim, shims: [older, shim], nodes: [recorded()] }))).to.deep.equal(["uninstall node1 2"]);
  });

  it("reports a RuntimeClass that somebody else made, and goes on", () => {
    const made = plan({ runtimeClass: { metadata: { name: "wasmtime-spin-v2", uid: "x" }, handler: "runc" } });
    expect([startsOf(made), reasonOf(made)]).to.deep.equal([["install node1 1"], "RuntimeClassConflict"]);
  });

  it("says the server's words when it refuses the RuntimeClass, once", () => {
    const observed = exampleObserved();
    const refused = planShim(observed).ifRefused("it is invalid");
    expect(refused.status?.conditions?.map(({ reason }) => reason)).to.deep.equal([
      "RuntimeClassRefused",
      "RuntimeClassRefused",
      "RuntimeClassRefused",
    ]);
    expect(refused.status?.conditions?.[0]?.message).to.match(/; it is invalid$/);
    expect(refused.announcements.map(({ reason, type }) => [reason, type])).to.deep.equal([
      ["RuntimeClassRefused", "Warning"],
    ]);
    const shim = { ...observed.shim, ...(refused.status === undefined ? {} : { status: refused.status }) };
    expect(planShim({ ...observed, shim }).ifRefused("it is invalid")).to.deep.equal({
      status: undefined,
      announcements: [],
    });
  });

  it("does not overwrite a label that any Shim selects by", () => {
    const other = exampleShim({ nodeSelector: { "spin-v2": "true" } }, { name: "other", uid: "o" });
    const made = plan({
      shims: [exampleShim(), { ...other, spec: { ...other.spec, runtimeClass: { name: "o", handler: "o" } } }],
    });
    expect(made.demotions[0]?.labels).to.deep.equal({ [KEY]: "pending" });
  });

  it("plans 5,000 nodes", () => {
    const nodes = Array.from({ length: 5000 }, (_, index) => recorded({}, { name: `node-${index}` }));
    expect(plan({ nodes }).decisions.length).to.equal(5000);
  });
});
