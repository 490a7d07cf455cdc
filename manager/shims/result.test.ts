import { expect } from "chai";
import { describe, it } from "mocha";
import { ago, endedJob, exampleJob, examplePod, exampleRecord, failedRecord, NOW_MS } from "./build-examples.ts";
import type { NodeJob } from "./job-view.ts";
import type { NodeRecord } from "./record.ts";
import { progressOf, recordFromJob } from "./result.ts";

const STUCK = { reason: "FailedMount", message: "mkdir /opt/rcm: read-only file system" };

describe("progressOf()", () => {
  const cases: readonly { says: string; job: NodeJob; kind: string }[] = [
    { says: "a Job without a pod is at work", job: exampleJob(), kind: "working" },
    {
      says: "a Job without a pod has ended with its Job",
      job: exampleJob({ phase: "failed", endedAt: ago(11) }),
      kind: "ended",
    },
    {
      says: "the pod's last word may come after the Job's",
      job: exampleJob({ phase: "failed", endedAt: ago(9) }),
      kind: "working",
    },
    {
      says: "a pod that succeeded is an end",
      job: exampleJob({ pod: examplePod({ phase: "Succeeded" }) }),
      kind: "ended",
    },
    { says: "a pod that failed is an end", job: exampleJob({ pod: examplePod({ phase: "Failed" }) }), kind: "ended" },
    {
      says: "a pod without a start may wait",
      job: exampleJob({ hint: STUCK, pod: examplePod({ createdAt: ago(59) }) }),
      kind: "working",
    },
    {
      says: "but not for more than a minute",
      job: exampleJob({ hint: STUCK, pod: examplePod({ createdAt: ago(61) }) }),
      kind: "hopeless",
    },
    {
      says: "a pod that has started is never hopeless",
      job: exampleJob({ hint: STUCK, pod: examplePod({ createdAt: ago(500), started: true }) }),
      kind: "working",
    },
    {
      says: "a pod that gives no reason is left to its deadline",
      job: exampleJob({ pod: examplePod({ createdAt: ago(500) }) }),
      kind: "working",
    },
  ];
  for (const { says, job, kind } of cases) {
    it(says, () => {
      expect(progressOf(job, NOW_MS).kind).to.equal(kind);
    });
  }
});

describe("recordFromJob()", () => {
  const failures: readonly { says: string; job: NodeJob; reason: string; message: string }[] = [
    {
      says: "takes over what the installer reports",
      job: endedJob({ ok: false, reason: "ConfigGate", message: "too much would change" }),
      reason: "ConfigGate",
      message: "too much would change",
    },
    {
      says: "knows a read-only file system",
      job: exampleJob({ hint: STUCK, pod: examplePod({ createdAt: ago(61) }) }),
      reason: "ReadOnlyFileSystem",
      message: "The installer's pod cannot start: FailedMount: mkdir /opt/rcm: read-only file system",
    },
    {
      says: "knows a pod that no node takes",
      job: exampleJob({
        pod: examplePod({ createdAt: ago(61), waiting: { reason: "Unschedulable", message: "0/3 nodes" } }),
      }),
      reason: "PodNotStarted",
      message: "The installer's pod cannot start: Unschedulable: 0/3 nodes",
    },
    {
      says: "knows a Job that took too long",
      job: exampleJob({ phase: "failed", endedAt: ago(20), failure: "DeadlineExceeded" }),
      reason: "DeadlineExceeded",
      message: "The installer did not end within its deadline: see the Events of its Job",
    },
    {
      says: "says how an installer ended that left no report",
      job: exampleJob({ pod: examplePod({ phase: "Failed", ended: "container install ended with 137 (OOMKilled)" }) }),
      reason: "InstallerLost",
      message: "The installer left no report (container install ended with 137 (OOMKilled)): it is tried again",
    },
    {
      says: "does not take a pod for a success that left no report",
      job: exampleJob({ phase: "succeeded", endedAt: ago(20) }),
      reason: "InstallerLost",
      message: "The installer left no report (its pod is gone): it is tried again",
    },
  ];
  for (const { says, job, reason, message } of failures) {
    it(says, () => {
      const record = recordFromJob(job, undefined, NOW_MS);
      expect(record).to.include({ ok: false, reason, message, failures: 1 });
    });
  }

  it("counts failures in a row of one task only", () => {
    const job = endedJob({ ok: false, reason: "DiskFull" });
    const counts = [
      failedRecord({ failures: 3 }),
      failedRecord({ failures: 3, hash: "hash-0" }),
      failedRecord({ failures: 3, retry: "now|" }),
      failedRecord({ failures: 3, operation: "uninstall" }),
      failedRecord({ failures: 3, bootId: "boot-before" }),
      failedRecord({ failures: 3, runtimeVersion: "containerd://1.6.20" }),
      failedRecord({ failures: 3, runtimeVersion: "containerd://Unknown" }),
    ].map((before) => recordFromJob(job, before, NOW_MS)?.failures);
    expect(counts).to.deep.equal([4, 1, 1, 1, 1, 1, 4]);
    expect(recordFromJob(endedJob(), failedRecord({ failures: 3 }), NOW_MS)?.failures).to.equal(0);
  });

  const polls: readonly [says: string, before: NodeRecord["reason"], now: NodeRecord["reason"], count: number][] = [
    ["counts on while pods use the handler", "InUse", "InUse", 10],
    ["does not count polls as failures of another kind", "InUse", "HostLocked", 1],
    ["does not count failures as polls", "HostLocked", "InUse", 1],
    ["counts on when one failure follows another", "HostLocked", "DiskFull", 10],
  ];
  for (const [says, reason, now = "InternalError", count] of polls) {
    it(says, () => {
      const before = failedRecord({ operation: "uninstall", failures: 9, ...(reason === undefined ? {} : { reason }) });
      const job = endedJob({ ok: false, reason: now }, { operation: "uninstall" });
      expect(recordFromJob(job, before, NOW_MS)).to.include({ reason: now, failures: count });
    });
  }

  const named: readonly [says: string, users: unknown, kept: readonly string[] | undefined][] = [
    ["a few of the pods that use the handler", ["a/1", "a/2", "b/3", "b/4"], ["a/1", "a/2", "b/3"]],
    ["no process of the host", ["a process on the host"], undefined],
    ["nothing that is no name", ["a/b,spec.nodeName=c", "a/../b", "", 7, "default/x.y-0"], ["default/x.y-0"]],
    ["nothing when there is no list", "default/x", undefined],
  ];
  for (const [says, users, kept] of named) {
    it(`keeps ${says}`, () => {
      const report = { ok: false, reason: "InUse", users: users as readonly string[] } as const;
      expect(recordFromJob(endedJob(report, { operation: "uninstall" }), undefined, NOW_MS)?.users).to.deep.equal(kept);
    });
  }

  it("gives the same record at any time", () => {
    const job = endedJob();
    expect(recordFromJob(job, undefined, NOW_MS)).to.deep.equal(recordFromJob(job, undefined, NOW_MS + 9999));
  });

  it("leaves nothing behind after a successful removal", () => {
    expect(recordFromJob(endedJob({}, { operation: "uninstall" }), exampleRecord(), NOW_MS)).to.equal(undefined);
  });

  it("keeps what was there before an installer that changed nothing", () => {
    const lost = exampleJob({ pod: examplePod({ phase: "Failed" }) });
    const before = exampleRecord({ digest: "e".repeat(64) });
    expect(recordFromJob(lost, before, NOW_MS)).to.include({ level: "Proven", digest: "e".repeat(64) });
  });

  it("does not keep it over a reboot", () => {
    const lost = exampleJob({ pod: examplePod({ phase: "Failed" }), bootId: "boot-now" });
    expect(recordFromJob(lost, exampleRecord(), NOW_MS)).to.not.have.property("level");
  });

  const claims: readonly [says: string, before: NodeRecord | undefined, level: NodeRecord["level"]][] = [
    ["believes a rollback in the boot that it was proven in", exampleRecord(), "Proven"],
    ["believes a lower level then too", exampleRecord({ level: "Loaded" }), "Configured"],
    ["believes it after further failures in that boot", failedRecord({ level: "Proven" }), "Proven"],
    ["does not believe a level from before a reboot", exampleRecord({ bootId: "boot-before" }), undefined],
    ["nor at the next failure in the new boot", failedRecord(), undefined],
    ["nor one from another machine", exampleRecord({ machineId: "machine-before" }), undefined],
    ["nor one that it knows nothing of", undefined, undefined],
  ];
  for (const [says, before, level] of claims) {
    it(`${says}, of a failed install that says what is there`, () => {
      const said = level ?? "Proven";
      const job = endedJob({ ok: false, reason: "HostLocked", level: said });
      expect(recordFromJob(job, before, NOW_MS)?.level).to.equal(level);
    });
  }

  it("believes a success, whatever was before", () => {
    expect(recordFromJob(endedJob(), exampleRecord({ bootId: "boot-before" }), NOW_MS)?.level).to.equal("Proven");
  });
});

describe("recordFromJob() of a node that nothing of ours has run on", () => {
  const stuck = examplePod({ createdAt: ago(61) });
  const cases: readonly [says: string, job: Partial<NodeJob>, untouched: true | undefined][] = [
    ["says so when the pod cannot start", { hint: STUCK, pod: stuck }, true],
    ["says so of a pod that no node takes", { pod: { ...stuck, waiting: STUCK } }, true],
    ["does not know it of a Job without a pod", { hint: STUCK, createdAt: ago(61) }, undefined],
    ["does not know it of a pod that ended", { pod: { ...stuck, phase: "Failed" } }, undefined],
    [
      "does not know it of a pod that did not answer",
      { pod: { ...stuck, phase: "Unknown", waiting: STUCK } },
      undefined,
    ],
    ["does not know it when the Job was stopped", { pod: stuck, phase: "failed", endedAt: ago(20) }, undefined],
    ["does not know it once something had run before", { hint: STUCK, pod: stuck, untouched: false }, undefined],
  ];
  for (const [says, part, untouched] of cases) {
    it(says, () => {
      const record = recordFromJob(exampleJob({ untouched: true, ...part }), undefined, NOW_MS);
      expect(record).to.include({ ok: false });
      expect(record?.untouched).to.equal(untouched);
    });
  }

  it("says nothing of it once a container has run", () => {
    const job = endedJob({ ok: false, reason: "DiskFull" }, { untouched: true });
    expect(recordFromJob(job, undefined, NOW_MS)).to.not.have.property("untouched");
    expect(recordFromJob(endedJob({}, { untouched: true }), undefined, NOW_MS)).to.not.have.property("untouched");
  });
});
