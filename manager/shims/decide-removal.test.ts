import { expect } from "chai";
import { describe, it } from "mocha";
import { decided, type Case } from "./build-cases.ts";
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
import { decideNode } from "./decide-node.ts";
import type { NodeRecord } from "./record.ts";

const ABSENT = { kind: "absent" } as const;

/** Of a removal that has just found users; the next may come at once where the job's jitter says so. */
function inUse(part: Partial<NodeRecord> = {}): NodeRecord {
  return failedRecord({ operation: "uninstall", reason: "InUse", job: "uninstall-a-00000000", ...part });
}

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
    says: "asks again and again, every two minutes, while something that we cannot see uses the handler",
    facts: { wanted: ABSENT, record: inUse({ failures: 40, at: ago(121) }) },
    expected: { state: "Removing" },
    starts: "uninstall 2",
  },
  {
    says: "asks no installer while we see the pods that use the handler, but looks at them again",
    facts: { wanted: ABSENT, record: inUse({ users: ["default/x"], at: ago(290) }) },
    expected: { state: "Removing", failed: false, reason: "InUse", afterMs: 10_000 },
  },
  {
    says: "asks it after ten minutes nevertheless",
    facts: { wanted: ABSENT, record: inUse({ users: ["default/x"], at: ago(601) }) },
    expected: { state: "Removing" },
    starts: "uninstall 2",
  },
  {
    says: "goes on when the pods are gone",
    facts: { wanted: ABSENT, record: inUse({ users: ["default/x"], at: ago(5) }), usersGone: true },
    expected: { state: "Removing" },
    starts: "uninstall 2",
  },
  {
    says: "but slower with each time that an installer still finds users which we do not see",
    facts: { wanted: ABSENT, record: inUse({ users: ["default/x"], failures: 4, at: ago(5) }), usersGone: true },
    expected: { state: "Removing" },
  },
  {
    says: "goes on with a removal after a reboot",
    facts: { wanted: ABSENT, record: inUse({ users: ["default/x"], bootId: "boot-before" }) },
    expected: { state: "Removing" },
    starts: "uninstall 2",
  },
  {
    says: "tries a removal again after a reboot, however often it failed before",
    facts: {
      wanted: ABSENT,
      record: failedRecord({ operation: "uninstall", reason: "RestartFailed", failures: 8, bootId: "boot-before" }),
    },
    expected: { state: "Failed", failed: true },
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

describe("decideNode() of what is to be removed", () => {
  for (const one of REMOVALS) {
    it(one.says, () => {
      const { decision, started } = decided(one);
      expect(decision).to.deep.include(one.expected);
      expect(started).to.equal(one.starts);
    });
  }

  it("says that it only asks whether pods have ended", () => {
    const facts = exampleFacts({ wanted: ABSENT, record: inUse({ at: ago(121) }) });
    expect(decideNode(facts, NOW_MS).start?.why).to.equal("StillInUse");
  });
});
