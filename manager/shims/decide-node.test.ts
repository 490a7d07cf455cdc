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
import type { NodeRecord } from "./record.ts";

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

describe("decideNode() with a Job", () => {
  function decide(jobs: NodeFacts["jobs"], record?: NodeRecord): Decision {
    return decideNode(exampleFacts({ jobs, record, marked: record !== undefined }), NOW_MS);
  }

  it("starts nothing while an installer is at work", () => {
    const job = exampleJob({ createdAt: ago(5) });
    const decision = decide([job], exampleRecord({ hash: "hash-0" }));
    expect(decision).to.include({ state: "Installing", reason: "JobActive", active: job });
    expect(decision.start).to.equal(undefined);
  });

  it("says what keeps the pod from starting", () => {
    const waiting = { reason: "ImagePullBackOff", message: "no such image" };
    const job = exampleJob({ pod: examplePod({ waiting, createdAt: ago(30) }) });
    const { state, reason, message } = decide([job]);
    expect([state, reason]).to.deep.equal(["Installing", "ImagePullBackOff"]);
    expect(message).to.equal("Attempt 1 has not started: no such image");
  });

  it("keeps saying which pods a removal waits for while it asks once more", () => {
    const record = failedRecord({ operation: "uninstall", reason: "InUse", message: "default/x uses it" });
    const job = exampleJob({ operation: "uninstall", createdAt: ago(2) });
    const decision = decideNode(exampleFacts({ wanted: ABSENT, jobs: [job], record }), NOW_MS);
    expect(decision).to.include({ state: "Removing", reason: "InUse", message: "default/x uses it" });
  });

  it("fails a pod that cannot start within a minute", () => {
    const waiting = { reason: "ImagePullBackOff", message: "no such image" };
    const job = exampleJob({ createdAt: ago(62), pod: examplePod({ waiting, createdAt: ago(61) }) });
    expect(decide([job])).to.include({ state: "Failed", reason: "ImagePullFailed", failed: true });
  });

  it("turns the end of a Job into the record, as news", () => {
    const { record, settled, news } = decide([endedJob()]);
    expect(record).to.include({ ok: true, level: "Proven", at: ago(5), job: "install-spin-v2-node1-000002" });
    expect(settled).to.equal(true);
    expect(news?.record).to.equal(record);
  });

  it("has no news of a Job that is in the record", () => {
    const decision = decide([endedJob()], exampleRecord({ job: "install-spin-v2-node1-000002" }));
    expect(decision.news).to.equal(undefined);
  });

  it("does not believe a Job that is older than the record", () => {
    const old = endedJob({ ok: false, reason: "DiskFull" }, { createdAt: ago(700), name: "old" });
    expect(decide([old], exampleRecord()).state).to.equal("Proven");
  });

  it("believes the newest Job", () => {
    const old = endedJob({ ok: false, reason: "DiskFull" }, { createdAt: ago(300), name: "old" });
    expect(decide([endedJob(), old]).state).to.equal("Proven");
    const sameSecond = endedJob({}, { createdAt: ago(300), name: "second", attempt: 2 });
    expect(decide([sameSecond, old]).state).to.equal("Proven");
  });

  it("looks again when the node rebooted while the Job ran", () => {
    const { reason, start } = decide([endedJob({}, { bootId: "boot-before" })]);
    expect([reason, start?.attempt]).to.deep.equal(["NodeRebooted", 2]);
  });

  it("has no news of a removal that left no trace", () => {
    const job = endedJob({}, { operation: "uninstall" });
    const clean = decideNode(exampleFacts({ wanted: ABSENT, jobs: [job] }), NOW_MS);
    expect([clean.settled, clean.news]).to.deep.equal([true, undefined]);
    const marked = decideNode(exampleFacts({ wanted: ABSENT, jobs: [job], marked: true }), NOW_MS);
    expect([marked.settled, marked.news?.job]).to.deep.equal([true, job]);
  });
});
