import { expect } from "chai";
import { describe, it } from "mocha";
import { decided, type Case } from "./build-cases.ts";
import { ago, endedJob, exampleFacts, exampleNode, exampleRecord, failedRecord, NOW_MS } from "./build-examples.ts";
import { decideNode, type NodeFacts } from "./decide-node.ts";

const REMEDY = "annotate the Shim with runtime.spinkube.dev/retry to try again";
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
    expected: { state: "Failed", message: `The server said 503 (not tried again until the Shim changes: ${REMEDY})` },
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
      message: `The server said 503 (given up after 8 tries: ${REMEDY})`,
    },
  },
  {
    says: "tries again on demand, even what cannot help",
    facts: { record: failedRecord({ reason: "DigestMismatch", failures: 8, attempt: 8 }), retry: "now|" },
    expected: { state: "Failed", failed: true },
    starts: "install 9",
  },
  {
    says: "tries again after a reboot, however often it failed before",
    facts: {
      record: failedRecord({ reason: "ContainerdUnavailable", failures: 8, attempt: 8, bootId: "boot-before" }),
    },
    expected: { state: "Failed", failed: true, message: "The server said 503" },
    starts: "install 9",
  },
  {
    says: "tries again after an update of containerd, even what could not help before",
    facts: { record: failedRecord({ reason: "ShimBroken", rolledBack: true, runtimeVersion: "containerd://1.6.20" }) },
    expected: { state: "RolledBack", failed: true, message: "The server said 503" },
    starts: "install 2",
  },
  {
    says: "does not take a containerd that does not answer for another one",
    facts: {
      node: exampleNode({ runtimeVersion: "containerd://Unknown" }),
      record: failedRecord({ failures: 8, at: ago(90_000) }),
    },
    expected: { state: "Failed", failed: true },
  },
  {
    says: "nor one that had not answered when it failed",
    facts: { record: failedRecord({ failures: 8, at: ago(90_000), runtimeVersion: "containerd://Unknown" }) },
    expected: { state: "Failed", failed: true },
  },
  {
    says: "waits for a rebooted node to be ready",
    facts: { record: failedRecord({ failures: 8, bootId: "boot-before" }), ineligible: LOST },
    expected: { state: "Failed", failed: true },
  },
  {
    says: "does not try again on a node that is not ready",
    facts: { record: failedRecord({ at: ago(90_000) }), ineligible: LOST },
    expected: { state: "Failed", failed: true },
  },
];

describe("decideNode()", () => {
  for (const one of [...PRESENT, ...FAILURES]) {
    it(one.says, () => {
      const { decision, started } = decided(one);
      expect(decision).to.deep.include(one.expected);
      expect(started).to.equal(one.starts);
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

  const reasons: readonly [says: string, facts: Partial<NodeFacts>, why: string][] = [
    ["for a failure", { record: failedRecord({ at: ago(11) }) }, "Retry"],
    ["for a reboot", { record: failedRecord({ bootId: "boot-before" }) }, "NodeRebooted"],
    ["for another containerd", { record: failedRecord({ runtimeVersion: "containerd://1.6" }) }, "ContainerdChanged"],
  ];
  for (const [says, facts, why] of reasons) {
    it(`says why it tries again: ${says}`, () => {
      expect(decideNode(exampleFacts(facts), NOW_MS).start?.why).to.equal(why);
    });
  }

  it("tries a node that fails after a reboot as well no more often than any other", () => {
    const before = failedRecord({ failures: 8, attempt: 8, bootId: "boot-before" });
    const { start } = decideNode(exampleFacts({ record: before }), NOW_MS);
    const job = endedJob({ ok: false, reason: "ContainerdUnavailable" }, { attempt: start?.attempt ?? 0 });
    const { record, start: next, afterMs } = decideNode(exampleFacts({ record: before, jobs: [job] }), NOW_MS);
    expect(record).to.include({ failures: 1, attempt: 9, bootId: "boot-node1" });
    expect(next).to.equal(undefined);
    expect(afterMs).to.be.within(1, 5000);
  });

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
