import { expect } from "chai";
import { describe, it } from "mocha";
import { exampleDecision, exampleJob, exampleNode, exampleRecord, failedRecord } from "./build-examples.ts";
import type { Decision } from "./decide-node.ts";
import { projectNode } from "./node-projection.ts";
import { recordText } from "./record.ts";

const KEY = "shim.runtime.spinkube.dev/spin-v2";
const CONTEXT = { shim: "spin-v2", selectorKeys: new Set(["wasm"]) };

function labelsAfter(part: Partial<Decision>, isStarting = false): readonly unknown[] {
  const decision = exampleDecision({ touched: part.record !== undefined, ...part });
  const labels = projectNode(decision, isStarting, CONTEXT)?.labels ?? {};
  return [labels[KEY], labels["spin-v2"]];
}

describe("projectNode()", () => {
  const old = exampleRecord({ level: "Loaded" });
  const uninstall = exampleJob({ operation: "uninstall" });
  const cases: readonly [
    says: string,
    part: Partial<Decision>,
    starting: boolean,
    ours: string | undefined,
    upstream?: string,
  ][] = [
    ["a node that has the shim gets pods", { record: exampleRecord() }, false, "provisioned"],
    [
      "and keeps getting them during an update",
      { state: "Installing", record: old, active: exampleJob() },
      false,
      "provisioned",
    ],
    [
      "and after an update that failed and left the old one",
      { state: "RolledBack", failed: true, record: failedRecord({ level: "Loaded" }) },
      false,
      "provisioned",
    ],
    ["but not after a reboot", { state: "Pending", record: exampleRecord({ bootId: "before" }) }, false, "pending"],
    [
      "nor when another machine has the name",
      { state: "Pending", record: exampleRecord({ machineId: "before" }) },
      false,
      "pending",
    ],
    ["a node whose installer starts is pending", { state: "Pending" }, true, "pending"],
    ["a node that waits for its turn is left alone", { state: "Pending" }, false, undefined],
    ["a node that failed says so", { state: "Failed", failed: true, record: failedRecord() }, false, "failed"],
    ["until it is tried again", { state: "Failed", failed: true, record: failedRecord() }, true, "pending"],
    [
      "a node to be cleaned gets no more pods",
      { state: "Removing", wanted: "absent", record: exampleRecord() },
      false,
      "uninstalling",
      "pending",
    ],
    [
      "even when it is wanted again meanwhile",
      { state: "Removing", record: exampleRecord(), active: uninstall },
      false,
      "uninstalling",
      "pending",
    ],
    [
      "a removal that failed may have left anything",
      { state: "Pending", record: failedRecord({ operation: "uninstall", level: "Loaded" }) },
      false,
      "pending",
    ],
  ];
  for (const [says, part, starting, ours, upstream = ours] of cases) {
    it(says, () => {
      expect(labelsAfter(part, starting)).to.deep.equal([ours, upstream]);
    });
  }

  it("takes everything away when the node is clean", () => {
    const node = exampleNode({
      labels: { [KEY]: "uninstalling", "spin-v2": "pending" },
      records: { [KEY]: undefined },
    });
    const decision = exampleDecision({ node, state: "Removing", wanted: "absent", settled: true });
    expect(projectNode(decision, false, CONTEXT)).to.deep.equal({
      name: "node1",
      uid: "uid-node1",
      labels: { [KEY]: null, "spin-v2": null },
      annotations: { [KEY]: null },
      promotes: false,
    });
  });

  it("takes back that nothing has run on a node before something may", () => {
    const record = failedRecord({ untouched: true });
    const node = exampleNode({ labels: { [KEY]: "failed", "spin-v2": "failed" }, records: { [KEY]: { ...record } } });
    const decision = exampleDecision({ node, record, state: "Failed", failed: true, touched: true });
    expect(projectNode(decision, false, CONTEXT)).to.equal(undefined);
    const patch = projectNode(decision, true, CONTEXT);
    expect(patch).to.deep.include({ annotations: { [KEY]: recordText(failedRecord()) }, promotes: false });
  });

  it("keeps the mark of a node that cannot be cleaned yet", () => {
    const node = exampleNode({ labels: { [KEY]: "uninstalling", "spin-v2": "pending" } });
    const decision = exampleDecision({ node, state: "Removing", wanted: "absent", touched: true });
    expect(projectNode(decision, false, CONTEXT)).to.equal(undefined);
  });

  it("writes nothing where all is as it should be", () => {
    const record = exampleRecord();
    const node = exampleNode({
      labels: { [KEY]: "provisioned", "spin-v2": "provisioned" },
      records: { [KEY]: { ...record } },
    });
    expect(projectNode(exampleDecision({ node, record, touched: true }), false, CONTEXT)).to.equal(undefined);
  });

  it("puts a label back that somebody wiped", () => {
    const record = exampleRecord();
    const node = exampleNode({ labels: {}, records: { [KEY]: { ...record } } });
    const patch = projectNode(exampleDecision({ node, record, touched: true }), false, CONTEXT);
    expect(patch).to.deep.include({ labels: { [KEY]: "provisioned", "spin-v2": "provisioned" }, promotes: true });
  });

  it("does not write upstream's label where a Shim selects by it", () => {
    const context = { shim: "spin-v2", selectorKeys: new Set(["spin-v2"]) };
    const patch = projectNode(exampleDecision({ record: exampleRecord(), touched: true }), false, context);
    expect(patch?.labels).to.deep.equal({ [KEY]: "provisioned" });
  });

  it("does not write upstream's label where it means something else", () => {
    const node = exampleNode({ labels: { "spin-v2": "true" } });
    const patch = projectNode(exampleDecision({ node, record: exampleRecord(), touched: true }), false, CONTEXT);
    expect(patch?.labels).to.deep.equal({ [KEY]: "provisioned" });
  });
});
