import { expect } from "chai";
import { describe, it } from "mocha";
import { exampleJob, examplePod } from "./build-examples.ts";
import { JobJoin } from "./job-join.ts";
import type { JobView, PodView } from "./job-view.ts";

const { pod: _pod, ...JOB } = exampleJob({ name: "a", uid: "job-a" });
const POD = examplePod({ jobName: "a" });
const OBSTACLE = { reason: "FailedMount", message: "no such folder" };

describe("JobJoin", () => {
  it("gives each Job its newest pod", () => {
    const older = examplePod({ jobName: "a", uid: "older", createdAt: "2026-11-24T11:00:00Z" });
    const newer = examplePod({ jobName: "a", uid: "newer", createdAt: "2026-11-24T11:30:00Z" });
    const other: JobView = { ...JOB, name: "b" };
    for (const pods of [
      [older, newer],
      [newer, older],
    ]) {
      const joined = new JobJoin().join([JOB, other], pods, new Map());
      expect(joined.map(({ name, pod }) => [name, pod?.uid])).to.deep.equal([
        ["a", "newer"],
        ["b", undefined],
      ]);
    }
  });

  it("finds what Events say by the UID of the pod, or of the Job where there is none", () => {
    const hints = new Map([
      ["pod-uid", OBSTACLE],
      ["job-a", { reason: "FailedCreate", message: "forbidden" }],
    ]);
    expect(new JobJoin().join([JOB], [POD], hints)[0]?.hint).to.equal(OBSTACLE);
    expect(new JobJoin().join([JOB], [], hints)[0]?.hint?.reason).to.equal("FailedCreate");
  });

  const CHANGES: readonly { what: string; job?: JobView; pods?: readonly PodView[]; hints?: boolean }[] = [
    { what: "the Job", job: { ...JOB, phase: "failed" } },
    { what: "the pod", pods: [{ ...POD, phase: "Running" }] },
    { what: "the Events", hints: true },
  ];
  for (const { what, job = JOB, pods = [POD], hints = false } of CHANGES) {
    it(`gives the same object until ${what} changes`, () => {
      const join = new JobJoin();
      const [first] = join.join([JOB], [POD], new Map());
      expect(join.join([JOB], [POD], new Map())[0]).to.equal(first);
      const [second] = join.join([job], pods, new Map(hints ? [["pod-uid", OBSTACLE]] : []));
      expect(second).not.to.equal(first);
      expect(second).to.include({ phase: job.phase, pod: pods[0], hint: hints ? OBSTACLE : undefined });
    });
  }

  it("forgets Jobs that are gone", () => {
    const join = new JobJoin();
    const [first] = join.join([JOB], [POD], new Map());
    expect(join.join([], [POD], new Map())).to.deep.equal([]);
    expect(join.join([JOB], [POD], new Map())[0]).not.to.equal(first);
  });
});
