import { expect } from "chai";
import { describe, it } from "mocha";
import { podTrouble, type PodJson } from "./pod-trouble.ts";

type Status = NonNullable<PodJson["status"]>;
type Container = NonNullable<Status["containerStatuses"]>[number];

function waiting(reason: string, message = "", lastState: Container["lastState"] = {}): Status {
  return { containerStatuses: [{ name: "c", state: { waiting: { reason, message } }, lastState }] };
}

describe("podTrouble()", () => {
  const cases: readonly [says: string, status: Status | undefined, reason: string | undefined, message: string][] = [
    ["nothing of a pod without a status", undefined, undefined, ""],
    ["nothing of a pod that runs", { containerStatuses: [{ name: "c", state: {} }] }, undefined, ""],
    ["nothing of a pod on its way", waiting("ContainerCreating"), undefined, ""],
    [
      "which image cannot be pulled",
      waiting("ErrImagePull", 'failed to pull image "example.org/a:1": denied'),
      "ImagePullBackOff",
      'the image of container "c", "example.org/a:1", cannot be pulled: look at spec.image',
    ],
    [
      "that an image cannot be pulled",
      waiting("ImagePullBackOff"),
      "ImagePullBackOff",
      'container "c" cannot be pulled',
    ],
    [
      "why a container ended, but not how long it waits",
      waiting("CrashLoopBackOff", "back-off 10s", {
        terminated: { exitCode: 1, reason: "OOMKilled", message: "no\n more " },
      }),
      "CrashLoopBackOff",
      'container "c" ended with exit code 1: OOMKilled: no more',
    ],
    [
      "where to look when a container said nothing",
      waiting("CrashLoopBackOff", "", { terminated: { exitCode: 2, reason: "Error" } }),
      "CrashLoopBackOff",
      "ended with exit code 2: look at its log",
    ],
    ["that it ended", waiting("CrashLoopBackOff"), "CrashLoopBackOff", "ended again and again: look at its log"],
    [
      "other reasons as they are",
      waiting("CreateContainerConfigError", "m"),
      "CreateContainerConfigError",
      'container "c": m',
    ],
    ["a long message in short", waiting("Odd", "x".repeat(600)), "Odd", "…"],
    [
      "that no node fits",
      { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes" }] },
      "Unschedulable",
      "0/3 nodes",
    ],
    ["nothing of a pod that has a node", { conditions: [{ type: "PodScheduled", status: "True" }] }, undefined, ""],
  ];
  for (const [says, status, reason, message] of cases) {
    it(`says ${says}`, () => {
      const pod = { metadata: { labels: { label: "app" } }, ...(status === undefined ? {} : { status }) };
      const trouble = podTrouble("label", pod);
      expect(trouble.app).to.equal("app");
      expect(trouble.reason).to.equal(reason);
      expect(trouble.message).to.include(message);
      expect(trouble.message.length).to.be.at.most(500);
    });
  }
});
