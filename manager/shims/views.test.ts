import { expect } from "chai";
import { describe, it } from "mocha";
import { exampleRecord, exampleReport } from "./build-examples.ts";
import { jobView } from "./job-view.ts";
import { nodeView } from "./node-view.ts";
import { podView } from "./pod-view.ts";
import { recordText } from "./record.ts";

describe("jobView()", () => {
  type Conditions = readonly { type: string; status: string; reason?: string; lastTransitionTime?: string }[];
  const cases: readonly [says: string, conditions: Conditions, phase: string, failure: string | undefined][] = [
    ["is active without a word", [], "active", undefined],
    [
      "is active while its pods are being stopped",
      [{ type: "FailureTarget", status: "True", reason: "DeadlineExceeded" }],
      "active",
      "DeadlineExceeded",
    ],
    [
      "has failed",
      [{ type: "Failed", status: "True", reason: "BackoffLimitExceeded" }],
      "failed",
      "BackoffLimitExceeded",
    ],
    ["has succeeded", [{ type: "Complete", status: "True" }], "succeeded", undefined],
    [
      "does not listen to conditions that are not true",
      [{ type: "Failed", status: "False", reason: "X" }],
      "active",
      undefined,
    ],
  ];
  for (const [says, conditions, phase, failure] of cases) {
    it(says, () => {
      const view = jobView({ metadata: { name: "job", uid: "u" }, status: { conditions } });
      expect([view.phase, view.failure]).to.deep.equal([phase, failure]);
    });
  }

  it("belongs to the Shim that controls it only", () => {
    const owners = [
      { uid: "a", kind: "Shim" },
      { uid: "b", kind: "CronJob", controller: true },
      { uid: "c", kind: "Shim", controller: true },
    ];
    const uids = owners.map((owner) => jobView({ metadata: { name: "job", ownerReferences: [owner] } }).ownerUid);
    expect(uids).to.deep.equal([undefined, undefined, "c"]);
  });

  it("makes the best of annotations that are not ours", () => {
    const annotations = { "runtime.spinkube.dev/attempt": "many" };
    expect(jobView({ metadata: { name: "job", annotations } })).to.include({
      attempt: 1,
      operation: "install",
      hash: "",
    });
  });
});

const metadata = { name: "pod", uid: "u", labels: { "batch.kubernetes.io/job-name": "job" } };

function ended(name: string, exitCode: number, message?: string): { name: string; state: object } {
  const finishedAt = `2026-11-24T12:00:0${name.length}Z`;
  return {
    name,
    state: { terminated: { exitCode, reason: "Error", finishedAt, ...(message === undefined ? {} : { message }) } },
  };
}

function waits(reason: string): unknown {
  const containerStatuses = [{ name: "install", state: { waiting: { reason, message: "why" } } }];
  return podView({ metadata, status: { containerStatuses } }).waiting;
}

describe("podView()", () => {
  it("takes the report of the container that failed", () => {
    const report = exampleReport({ ok: false, reason: "DigestMismatch" });
    const status = {
      phase: "Failed",
      initContainerStatuses: [
        ended("ok", 0, JSON.stringify(exampleReport())),
        ended("fetch", 1, JSON.stringify(report)),
      ],
      containerStatuses: [{ name: "install", state: { waiting: { reason: "PodInitializing" } } }],
    };
    const view = podView({ metadata, status });
    expect(view.report).to.deep.equal(report);
    expect(view).to.include({
      started: true,
      endedAt: "2026-11-24T12:00:05Z",
      ended: "container fetch ended with 1 (Error)",
    });
  });

  it("takes the report of the last container when none failed", () => {
    const report = exampleReport({ message: "all done" });
    const status = {
      initContainerStatuses: [ended("a", 0, "{}")],
      containerStatuses: [ended("bb", 0, JSON.stringify(report))],
    };
    expect(podView({ metadata, status }).report?.message).to.equal("all done");
  });

  const garbage = [
    "",
    "no JSON",
    "null",
    "[]",
    '"text"',
    "{}",
    '{"schema":2,"ok":true,"message":""}',
    '{"schema":1,"ok":"yes","message":""}',
  ];
  for (const text of [
    ...garbage,
    JSON.stringify({ ...exampleReport(), level: 7 }),
    JSON.stringify({ ...exampleReport(), restarts: "1" }),
  ]) {
    it(`does not take for a report: ${text}`, () => {
      expect(podView({ metadata, status: { containerStatuses: [ended("install", 1, text)] } }).report).to.equal(
        undefined,
      );
    });
  }

  it("says what it waits for, when that is more than a normal start", () => {
    expect([waits("ContainerCreating"), waits("PodInitializing")]).to.deep.equal([undefined, undefined]);
    expect(waits("ErrImagePull")).to.deep.equal({ reason: "ErrImagePull", message: "why" });
  });

  it("says why no node takes it", () => {
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes" }];
    expect(podView({ metadata, status: { conditions } }).waiting).to.deep.equal({
      reason: "Unschedulable",
      message: "0/3 nodes",
    });
  });

  it("knows a pod that nobody has looked at yet", () => {
    expect(podView({ metadata })).to.include({ phase: "Pending", jobName: "job", started: false, endedAt: undefined });
  });
});

describe("nodeView()", () => {
  it("keeps what decisions rest on, and no more", () => {
    const view = nodeView({
      metadata: {
        name: "node1",
        uid: "u",
        labels: { wasm: "true" },
        annotations: {
          "shim.runtime.spinkube.dev/spin": "{}",
          "shim.runtime.spinkube.dev/good": recordText(exampleRecord()),
          "runtime.spinkube.dev/retry": "1",
          "other/annotation": "large",
        },
      },
      spec: { taints: [{ key: "gpu", effect: "NoSchedule" }] },
      status: {
        conditions: [{ type: "Ready", status: "True" }],
        nodeInfo: {
          operatingSystem: "linux",
          architecture: "arm64",
          machineID: "m",
          bootID: "b",
          containerRuntimeVersion: "containerd://2.1.9",
        },
        runtimeHandlers: [{ name: "runc" }, {}],
      },
    });
    expect(view).to.deep.equal({
      name: "node1",
      uid: "u",
      labels: { wasm: "true" },
      retry: "1",
      records: { "shim.runtime.spinkube.dev/spin": undefined, "shim.runtime.spinkube.dev/good": exampleRecord() },
      taints: [{ key: "gpu", effect: "NoSchedule" }],
      ready: true,
      os: "linux",
      architecture: "arm64",
      machineId: "m",
      bootId: "b",
      osImage: "",
      kubeletVersion: "",
      runtimeVersion: "containerd://2.1.9",
      handlers: ["runc", ""],
    });
  });

  it("takes a node that has said nothing for not ready", () => {
    expect(nodeView({ metadata: { name: "new", uid: "u" } })).to.include({ ready: false, os: "", handlers: undefined });
  });
});
