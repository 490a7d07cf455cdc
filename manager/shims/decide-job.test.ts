import { expect } from "chai";
import { describe, it } from "mocha";
import {
  ago,
  endedJob,
  exampleFacts,
  exampleJob,
  examplePod,
  exampleRecord,
  failedRecord,
  NOW_MS,
} from "./build-examples.ts";
import { decideNode, type Decision, type NodeFacts } from "./decide-node.ts";
import type { NodeRecord } from "./record.ts";

const ABSENT = { kind: "absent" } as const;
const MOUNT = { reason: "FailedMount", message: "mkdir /opt/rcm: read-only file system" };

function decide(jobs: NodeFacts["jobs"], record?: NodeRecord): Decision {
  return decideNode(exampleFacts({ jobs, record, marked: record !== undefined }), NOW_MS);
}

describe("decideNode() with a Job", () => {
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

  it("tries a removal again that failed after any number of polls for pods", () => {
    const record = failedRecord({ operation: "uninstall", reason: "InUse", failures: 40 });
    const job = endedJob({ ok: false, reason: "HostLocked", message: "apt runs" }, { operation: "uninstall" });
    const decision = decideNode(exampleFacts({ wanted: ABSENT, jobs: [job], record }), NOW_MS);
    expect(decision).to.include({ state: "Failed", reason: "HostLocked", message: "apt runs" });
    expect(decision.afterMs).to.be.within(1, 10_000);
  });

  it("has no news of a Job that never started on a node that is clean again", () => {
    const job = exampleJob({ untouched: true, pod: examplePod({ createdAt: ago(61), waiting: MOUNT }) });
    const [marked, clean] = [true, false].map((isMarked) =>
      decideNode(exampleFacts({ wanted: ABSENT, jobs: [job], marked: isMarked }), NOW_MS),
    );
    expect(marked).to.include({ settled: true, touched: false, record: undefined });
    expect(marked?.news?.record).to.include({ ok: false, untouched: true });
    expect([clean?.settled, clean?.news]).to.deep.equal([true, undefined]);
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
