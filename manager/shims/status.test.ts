import { expect } from "chai";
import { describe, it } from "mocha";
import { exampleDecision, exampleNode, exampleRecord, failedRecord, NOW } from "./build-examples.ts";
import type { Decision } from "./decide-node.ts";
import { MAX_NODE_STATES, statusOf, type StatusInput, type StatusJson } from "./status.ts";

const LATER = "2026-11-24T12:30:00Z";

function input(decisions: readonly Decision[], part: Partial<StatusInput> = {}): StatusInput {
  const quiet = { deleting: false, hold: undefined, runtimeClass: undefined };
  return { decisions, ...quiet, generation: 1, before: undefined, now: NOW, ...part };
}

function named(name: string, part: Partial<Decision> = {}): Decision {
  return exampleDecision({ node: exampleNode({ name }), ...part });
}

function failed(name: string, message = "sha256 is abc"): Decision {
  const part = { state: "Failed", failed: true, reason: "DigestMismatch", message } as const;
  return named(name, { ...part, record: failedRecord({ attempt: 2 }) });
}

const INSTALLING = { state: "Installing", reason: "JobActive", message: "Attempt 1" } as const;
const REMOVING = { state: "Removing", wanted: "absent", reason: "InUse", message: "default/x uses it" } as const;

/** Status of the three conditions with their reasons, and the message of Ready. */
function conditions(status: StatusJson): readonly string[] {
  const all = status.conditions ?? [];
  return [...all.map(({ status: value, reason }) => `${value} ${reason}`), all[0]?.message ?? ""];
}

describe("statusOf()", () => {
  const cases: readonly [
    says: string,
    decisions: readonly Decision[],
    part: Partial<StatusInput>,
    expected: readonly string[],
  ][] = [
    [
      "all nodes have it",
      [named("a"), named("b")],
      {},
      ["True Provisioned", "False Idle", "False AsExpected", "2 of 2 nodes have the wanted version"],
    ],
    [
      "no node matches",
      [],
      {},
      ["False NoMatchingNodes", "False Idle", "False AsExpected", "No Linux node has the labels of spec.nodeSelector"],
    ],
    [
      "installers are at work",
      [named("a"), named("b", INSTALLING)],
      {},
      ["False Progressing", "True Progressing", "False AsExpected", "1 of 2 nodes have the wanted version"],
    ],
    [
      "a node failed",
      [named("node1"), failed("node2"), named("node3")],
      {},
      [
        "False Failed",
        "False Idle",
        "True NodesFailed",
        "2 of 3 nodes have the wanted version; node2: DigestMismatch: sha256 is abc",
      ],
    ],
    [
      "a node failed and another is at work",
      [named("a", INSTALLING), failed("b")],
      {},
      [
        "False Progressing",
        "True Progressing",
        "True NodesFailed",
        "0 of 2 nodes have the wanted version; b: DigestMismatch: sha256 is abc",
      ],
    ],
    [
      "the brake holds",
      [failed("a"), named("b", { state: "Pending" })],
      { hold: { reason: "TooManyFailures", message: "1 of 2 nodes failed" } },
      [
        "False TooManyFailures",
        "False Idle",
        "True TooManyFailures",
        "0 of 2 nodes have the wanted version; 1 of 2 nodes failed; a: DigestMismatch: sha256 is abc",
      ],
    ],
    [
      "paused",
      [named("a"), named("b", { state: "Pending" })],
      { hold: { reason: "Paused", message: "spec.paused is true" } },
      ["False Paused", "False Idle", "False AsExpected", "1 of 2 nodes have the wanted version; spec.paused is true"],
    ],
    [
      "a node waits for something outside",
      [named("a", { state: "Pending", reason: "NodeNotReady", message: "Node is not Ready" })],
      {},
      [
        "False Waiting",
        "False Idle",
        "False AsExpected",
        "0 of 1 nodes have the wanted version; a: NodeNotReady: Node is not Ready",
      ],
    ],
    [
      "a node is unsupported",
      [named("a"), named("b", { state: "Unsupported", reason: "NoArtifactForPlatform", message: "none" })],
      {},
      [
        "False Failed",
        "False Idle",
        "True NodesFailed",
        "1 of 2 nodes have the wanted version; b: NoArtifactForPlatform: none",
      ],
    ],
    [
      "the RuntimeClass is somebody else's",
      [named("a")],
      { runtimeClass: { reason: "RuntimeClassConflict", message: "delete it" } },
      [
        "False RuntimeClassConflict",
        "False Idle",
        "True RuntimeClassConflict",
        "1 of 1 nodes have the wanted version; delete it",
      ],
    ],
    [
      "the API server refuses the RuntimeClass",
      [named("a")],
      { runtimeClass: { reason: "RuntimeClassRefused", message: "it is invalid" } },
      [
        "False RuntimeClassRefused",
        "False Idle",
        "True RuntimeClassRefused",
        "1 of 1 nodes have the wanted version; it is invalid",
      ],
    ],
    [
      "another Shim has the handler",
      [named("a", { state: "Pending" })],
      { hold: { reason: "HandlerConflict", message: "the other is older" } },
      [
        "False HandlerConflict",
        "False Idle",
        "True HandlerConflict",
        "0 of 1 nodes have the wanted version; the other is older",
      ],
    ],
    [
      "the Shim is being deleted",
      [named("a", REMOVING), named("b", { state: "Removing", wanted: "absent", settled: true })],
      { deleting: true },
      [
        "False Removing",
        "True Removing",
        "False AsExpected",
        "1 nodes still have the shim; a: InUse: default/x uses it",
      ],
    ],
    [
      "a node is not selected any more",
      [named("a"), named("b", REMOVING)],
      {},
      [
        "True Provisioned",
        "False Idle",
        "False AsExpected",
        "1 of 1 nodes have the wanted version; 1 are being cleaned; b: InUse: default/x uses it",
      ],
    ],
  ];
  for (const [says, decisions, part, expected] of cases) {
    it(says, () => {
      expect(conditions(statusOf(input(decisions, part)))).to.deep.equal(expected);
    });
  }

  it("counts nodes", () => {
    const decisions = [
      named("a"),
      named("b", INSTALLING),
      failed("c"),
      named("d", REMOVING),
      named("e", { ...REMOVING, settled: true }),
    ];
    expect(statusOf(input(decisions))).to.include({
      nodes: 3,
      nodesReady: 1,
      nodesUpdating: 1,
      nodesFailed: 1,
      nodesRemoving: 1,
    });
  });

  it("puts nodes first that need attention", () => {
    const decisions = [named("a"), named("b", INSTALLING), failed("d"), named("c", REMOVING), failed("e")];
    const names = statusOf(input(decisions)).nodeStates?.map(({ name }) => name);
    expect(names).to.deep.equal(["d", "e", "c", "b", "a"]);
  });

  it("says what is on a node", () => {
    const [state] = statusOf(input([named("a", { record: exampleRecord() })])).nodeStates ?? [];
    expect(state).to.deep.equal({ name: "a", state: "Proven", digest: "d".repeat(64), attempt: 1, since: NOW });
  });

  it("keeps times while nothing changes", () => {
    const first = statusOf(input([failed("a"), named("b", INSTALLING)]));
    const second = statusOf(input([failed("a", "again"), named("b")], { before: first, now: LATER }));
    expect(second.nodeStates?.map(({ since }) => since)).to.deep.equal([NOW, LATER]);
    expect(second.conditions?.map(({ lastTransitionTime }) => lastTransitionTime)).to.deep.equal([NOW, LATER, NOW]);
    expect(
      statusOf(input([named("a")], { before: second, generation: 2 })).conditions?.[0]?.observedGeneration,
    ).to.equal(2);
  });

  it("is the same when nothing has changed", () => {
    const first = statusOf(input([failed("a"), named("b")]));
    expect(statusOf(input([failed("a"), named("b")], { before: first, now: LATER }))).to.deep.equal(first);
  });

  it("puts messages on one line", () => {
    const status = statusOf(input([failed("a", "first\n  second\tthird")]));
    expect(status.nodeStates?.[0]?.message).to.equal("first second third");
  });

  it("names three nodes and counts the others", () => {
    const message = statusOf(input(["a", "b", "c", "d", "e"].map((name) => failed(name)))).conditions?.[0]?.message;
    expect(message?.endsWith("; c: DigestMismatch: sha256 is abc; and 2 more nodes")).to.equal(true);
  });

  it("fits into an object with 5,000 nodes that all failed", () => {
    const decisions = Array.from({ length: 5000 }, (_, index) =>
      failed(`node-${index}`.padEnd(63, "x"), "é".repeat(1000)),
    );
    const status = statusOf(input(decisions));
    expect([status.nodes, status.nodeStates?.length]).to.deep.equal([5000, MAX_NODE_STATES]);
    expect(status.nodeStatesOmitted).to.equal(4900);
    expect(Buffer.byteLength(JSON.stringify(status))).to.be.below(256 * 1024);
  });
});
