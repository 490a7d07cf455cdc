import { expect } from "chai";
import { describe, it } from "mocha";
import {
  ago,
  endedJob,
  exampleFacts,
  exampleJob,
  exampleNode,
  examplePod,
  exampleRecord,
  failedRecord,
  NOW_MS,
} from "./build-examples.ts";
import { decideNode, type Decision, type NodeFacts } from "./decide-node.ts";

interface Case {
  readonly says: string;
  readonly facts: Partial<NodeFacts>;
  readonly expected: Partial<Decision>;
  /** Operation and attempt of what is started. */
  readonly starts?: string;
}

const ABSENT = { kind: "absent" } as const;
const LOST = { reason: "NodeNotReady", message: "Node is not Ready", kind: "waiting" } as const;
const UNSUPPORTED = { reason: "NoArtifactForPlatform", message: "none", kind: "unsupported" } as const;

const PRESENT: readonly Case[] = [
  {
    says: "installs on a new node",
    facts: {},
    expected: { state: "Pending", reason: "NotInstalled" },
    starts: "install 1",
  },
  {
    says: "leaves a node alone that has what is wanted",
    facts: { record: exampleRecord() },
    expected: { state: "Proven", settled: true },
  },
  {
    says: "does not call settled what containerd has not loaded",
    facts: { record: exampleRecord({ level: "Configured" }) },
    expected: { state: "Configured", settled: false, reason: "NotLoaded" },
  },
  {
    says: "installs a changed spec",
    facts: { record: exampleRecord({ hash: "hash-0", attempt: 3 }) },
    expected: { state: "Pending", reason: "Outdated" },
    starts: "install 1",
  },
  {
    says: "looks again after a reboot",
    facts: { record: exampleRecord({ bootId: "boot-before" }) },
    expected: { state: "Pending", reason: "NodeRebooted" },
    starts: "install 2",
  },
  {
    says: "looks again after an update of containerd",
    facts: { record: exampleRecord({ runtimeVersion: "containerd://1.6.20" }) },
    expected: { reason: "ContainerdChanged" },
    starts: "install 2",
  },
  {
    says: "installs on another machine with the same name",
    facts: { record: exampleRecord({ machineId: "machine-before" }) },
    expected: { state: "Pending", reason: "NotInstalled", touched: false },
    starts: "install 1",
  },
  {
    says: "looks again when the Shim was made anew",
    facts: { record: exampleRecord({ shimUid: "shim-before" }) },
    expected: { reason: "ShimRecreated" },
    starts: "install 2",
  },
  {
    says: "gives the kubelet time to report the handler",
    facts: { node: exampleNode({ handlers: ["runc"] }), record: exampleRecord({ at: ago(300) }) },
    expected: { state: "Proven", settled: true },
  },
  {
    says: "looks again when the kubelet does not report the handler",
    facts: { node: exampleNode({ handlers: ["runc"] }), record: exampleRecord({ at: ago(400) }) },
    expected: { reason: "HandlerNotReported" },
    starts: "install 2",
  },
  {
    says: "does not look again and again for the same doubt",
    facts: {
      node: exampleNode({ handlers: ["runc"] }),
      record: exampleRecord({ at: ago(400), why: "HandlerNotReported" }),
    },
    expected: { state: "Proven", settled: true },
  },
  {
    says: "believes a kubelet that reports the handler",
    facts: { node: exampleNode({ handlers: ["runc", "spin"] }), record: exampleRecord({ at: ago(400) }) },
    expected: { settled: true },
  },
  {
    says: "waits for a node that is not ready",
    facts: { ineligible: LOST },
    expected: { state: "Pending", reason: "NodeNotReady", message: "Node is not Ready" },
  },
  {
    says: "says what it cannot support",
    facts: { ineligible: UNSUPPORTED },
    expected: { state: "Unsupported", reason: "NoArtifactForPlatform" },
  },
  {
    says: "does not doubt a node that has it only because it is not ready",
    facts: { ineligible: LOST, record: exampleRecord() },
    expected: { state: "Proven", settled: true },
  },
  {
    says: "does not reuse the name of a Job that the record forgot",
    facts: { jobs: [endedJob({}, { hash: "hash-1", attempt: 4, operation: "uninstall" })] },
    expected: { state: "Pending" },
    starts: "install 5",
  },
];

const FAILURES: readonly Case[] = [
  {
    says: "waits before it tries again",
    facts: { record: failedRecord() },
    expected: { state: "Failed", failed: true, reason: "ArtifactUnavailable", message: "The server said 503" },
  },
  {
    says: "tries again when the pause is over",
    facts: { record: failedRecord({ at: ago(11) }) },
    expected: { state: "Failed", failed: true },
    starts: "install 2",
  },
  {
    says: "says that the node is as it was",
    facts: { record: failedRecord({ rolledBack: true }) },
    expected: { state: "RolledBack", failed: true },
  },
  {
    says: "does not try again what cannot help",
    facts: { record: failedRecord({ reason: "DigestMismatch", at: ago(90_000) }) },
    expected: { state: "Failed", message: "The server said 503 (not tried again until the Shim changes)" },
  },
  {
    says: "tries a new spec at once",
    facts: { record: failedRecord({ reason: "DigestMismatch", hash: "hash-0" }) },
    expected: { state: "Pending", failed: false },
    starts: "install 1",
  },
  {
    says: "gives up after eight failures",
    facts: { record: failedRecord({ failures: 8, attempt: 8, at: ago(90_000) }) },
    expected: {
      message:
        "The server said 503 (given up after 8 tries: annotate the Shim with runtime.spinkube.dev/retry to try again)",
    },
  },
  {
    says: "tries again on demand, even what cannot help",
    facts: { record: failedRecord({ reason: "DigestMismatch", failures: 8, attempt: 8 }), retry: "now|" },
    expected: { state: "Failed", failed: true },
    starts: "install 9",
  },
  {
    says: "does not try again on a node that is not ready",
    facts: { record: failedRecord({ at: ago(90_000) }), ineligible: LOST },
    expected: { state: "Failed", failed: true },
  },
];

const REMOVALS: readonly Case[] = [
  {
    says: "has nothing to do where nothing is",
    facts: { wanted: ABSENT },
    expected: { state: "Removing", settled: true },
  },
  {
    says: "uninstalls what the record names",
    facts: { wanted: ABSENT, record: exampleRecord() },
    expected: { state: "Removing", reason: "NotWanted", settled: false },
    starts: "uninstall 2",
  },
  {
    says: "uninstalls where only the label is left",
    facts: { wanted: ABSENT, marked: true },
    expected: { state: "Removing" },
    starts: "uninstall 1",
  },
  {
    says: "has nothing to do where no installer ever started",
    facts: { wanted: ABSENT, record: failedRecord({ untouched: true }) },
    expected: { state: "Removing", settled: true, record: undefined, touched: false },
  },
  {
    says: "but waits for a node that may have more to say of that",
    facts: { wanted: ABSENT, record: failedRecord({ untouched: true }), node: exampleNode({ ready: false }) },
    expected: { state: "Removing", reason: "NodeNotReady", settled: false },
  },
  {
    says: "and uninstalls when a pod has started after all",
    facts: {
      wanted: ABSENT,
      record: failedRecord({ untouched: true, job: "late" }),
      jobs: [exampleJob({ name: "late", phase: "failed", endedAt: ago(20), pod: examplePod({ started: true }) })],
    },
    expected: { state: "Removing", reason: "NotWanted", settled: false },
    starts: "uninstall 2",
  },
  {
    says: "uninstalls after a failure that may have left something",
    facts: { wanted: ABSENT, record: failedRecord() },
    expected: { state: "Removing", reason: "NotWanted", settled: false },
    starts: "uninstall 2",
  },
  {
    says: "forgets a machine that is not there any more",
    facts: { wanted: ABSENT, record: exampleRecord({ machineId: "machine-before" }) },
    expected: { settled: true, touched: false },
  },
  {
    says: "waits for a node that is not ready",
    facts: { wanted: ABSENT, record: exampleRecord(), node: exampleNode({ ready: false }) },
    expected: { state: "Removing", reason: "NodeNotReady", settled: false },
  },
  {
    says: "is done after a successful removal",
    facts: {
      wanted: ABSENT,
      record: exampleRecord(),
      jobs: [endedJob({ level: undefined as never }, { operation: "uninstall" })],
    },
    expected: { settled: true },
  },
  {
    says: "waits for pods that use the handler, which is no failure",
    facts: {
      wanted: ABSENT,
      record: failedRecord({ operation: "uninstall", reason: "InUse", message: "default/x uses it" }),
    },
    expected: { state: "Removing", failed: false, reason: "InUse", message: "default/x uses it" },
  },
  {
    says: "asks again and again while pods use the handler",
    facts: {
      wanted: ABSENT,
      record: failedRecord({ operation: "uninstall", reason: "InUse", failures: 40, at: ago(31) }),
    },
    expected: { state: "Removing" },
    starts: "uninstall 2",
  },
  {
    says: "reports a removal that failed",
    facts: { wanted: ABSENT, record: failedRecord({ operation: "uninstall", reason: "RestartFailed" }) },
    expected: { state: "Failed", failed: true, reason: "RestartFailed" },
  },
  {
    says: "installs again after a removal that failed",
    facts: { record: failedRecord({ operation: "uninstall", reason: "RestartFailed" }) },
    expected: { state: "Pending", reason: "Outdated" },
    starts: "install 1",
  },
];

describe("decideNode()", () => {
  for (const { says, facts, expected, starts } of [...PRESENT, ...FAILURES, ...REMOVALS]) {
    it(says, () => {
      const decision = decideNode(exampleFacts(facts), NOW_MS);
      expect(decision).to.deep.include(expected);
      const { start } = decision;
      expect(start === undefined ? undefined : `${start.operation} ${start.attempt}`).to.equal(starts);
    });
  }

  const orders: readonly [says: string, facts: Partial<NodeFacts>, untouched: boolean][] = [
    ["a fresh node", {}, true],
    ["a node whose installer never started", { record: failedRecord({ untouched: true, at: ago(90_000) }) }, true],
    ["a node whose installer failed", { record: failedRecord({ at: ago(90_000) }) }, false],
    ["a node that has the shim", { record: exampleRecord({ hash: "hash-0" }) }, false],
    ["a node that lost its record", { marked: true }, false],
    ["a node that lost its label too but not its Job", { jobs: [endedJob({}, { hash: "hash-0" })] }, false],
    ["a node to be cleaned", { wanted: ABSENT, record: exampleRecord() }, false],
  ];
  for (const [says, facts, untouched] of orders) {
    it(`knows whether an installer has ever started on ${says}`, () => {
      expect(decideNode(exampleFacts(facts), NOW_MS).start?.untouched).to.equal(untouched);
    });
  }

  it("says when a failed node comes next, later with each failure, never later than ten minutes", () => {
    const delays = [1, 2, 3, 4, 7].map((failures) => {
      const record = failedRecord({ failures, at: ago(0), job: "install-a-00000000" });
      return decideNode(exampleFacts({ record }), NOW_MS).afterMs;
    });
    expect(delays).to.deep.equal([5000, 10_000, 20_000, 40_000, 300_000]);
  });

  it("does not change its mind about when a failed node comes next", () => {
    const record = failedRecord({ at: ago(0), job: "install-a-00000fff" });
    const [first = 0, second = 0] = [0, 2000].map(
      (ms) => decideNode(exampleFacts({ record }), NOW_MS + ms).afterMs ?? 0,
    );
    expect(first - second).to.equal(2000);
  });
});
