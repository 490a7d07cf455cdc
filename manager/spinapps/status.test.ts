import { expect } from "chai";
import { describe, it } from "mocha";
import { APP_ID, executor, externalExecutor, ownService, runningDeployment, spinApp } from "./build-examples.ts";
import { statusOf, type StatusInput } from "./status.ts";

const NOW = "2026-01-02T03:04:05Z";
const EARLIER = "2026-01-01T00:00:00Z";

function input(changes: Partial<StatusInput> = {}): StatusInput {
  const base = { id: APP_ID, app: spinApp(), executor: executor(), problem: undefined, troubles: [], now: NOW };
  return { ...base, deployment: runningDeployment(), service: ownService(), ...changes };
}

type Condition = NonNullable<ReturnType<typeof statusOf>["conditions"]>[number];

function condition(changes: Partial<StatusInput>, type = "Ready"): Condition | undefined {
  return statusOf(input(changes)).conditions?.find((one) => one.type === type);
}

describe("statusOf()", () => {
  it("says all of a SpinApp that runs", () => {
    const common = { observedGeneration: 3, lastTransitionTime: NOW };
    expect(statusOf(input())).to.deep.equal({
      observedGeneration: 3,
      activeScheduler: "shim",
      readyReplicas: 2,
      desiredReplicas: 2,
      replicas: 2,
      updatedReplicas: 2,
      deploymentName: "app",
      selector: "core.spinkube.dev/app-name=app,core.spinkube.dev/app.app.status=ready",
      address: "http://app.ns.svc",
      serviceName: "app",
      conditions: [
        { type: "Ready", status: "True", reason: "Running", message: "2 of 2 pods run", ...common },
        { type: "Available", status: "True", reason: "Enough", message: "m", ...common },
      ],
    });
  });

  const late = { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "late" };
  const failure = { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: "quota" };
  const waiting = { app: "app", reason: "ImagePullBackOff", message: "no such image" };
  const behind = { available: 1, updated: 1, replicas: 3 };
  const cases: readonly [says: string, changes: Partial<StatusInput>, verdict: Partial<Condition>][] = [
    ["a problem", { problem: { reason: "P", message: "m" } }, { status: "False", reason: "P", message: "m" }],
    [
      "pods that others bring",
      { executor: externalExecutor(), deployment: undefined },
      { status: "True", reason: "ServiceReady" },
    ],
    ["no Deployment yet", { deployment: undefined }, { status: "False", reason: "Progressing" }],
    [
      "no pods wanted",
      { deployment: runningDeployment({ wanted: 0, replicas: 0, updated: 0, available: 0, ready: 0 }) },
      { status: "True", reason: "ScaledToZero" },
    ],
    [
      "a spec that nobody has seen yet",
      { deployment: runningDeployment({ observed: false }) },
      { reason: "Progressing" },
    ],
    [
      "a rollout",
      { deployment: runningDeployment(behind) },
      { status: "False", message: "1 of 2 pods are available, 1 have the present spec" },
    ],
    ["old pods that are not gone", { deployment: runningDeployment({ replicas: 3 }) }, { status: "False" }],
    [
      "a pod that cannot run",
      { deployment: runningDeployment(behind), troubles: [waiting] },
      { reason: "ImagePullBackOff", message: "no such image (1 of 2 pods are available, 1 have the present spec)" },
    ],
    ["a pod that is not in the way", { troubles: [waiting] }, { status: "True", reason: "Running" }],
    [
      "pods that cannot be made",
      { deployment: runningDeployment({ ...behind, conditions: [failure, late] }) },
      { reason: "FailedCreate", message: "quota (1 of 2 pods are available, 1 have the present spec)" },
    ],
    [
      "a rollout that takes too long",
      { deployment: runningDeployment({ ...behind, conditions: [late] }) },
      { reason: "ProgressDeadlineExceeded" },
    ],
  ];
  for (const [says, changes, verdict] of cases) {
    it(`says ${says}`, () => expect(condition(changes)).to.include(verdict));
  }

  it("has no Deployment's conditions without one", () => {
    const changes = { deployment: undefined };
    expect(condition(changes, "Available")).to.include({ status: "Unknown", reason: "DeploymentNotFound" });
    expect(condition({ ...changes, executor: externalExecutor() }, "Available")).to.equal(undefined);
  });

  it("copies a Deployment's condition whatever it is", () => {
    const odd = { type: "Progressing", status: "Perhaps", reason: "", message: "" };
    const found = condition({ deployment: runningDeployment({ conditions: [odd] }) }, "Progressing");
    expect(found).to.include({ status: "Unknown", reason: "Progressing" });
  });

  it("keeps the time of a condition that stays", () => {
    const before = { type: "Ready", status: "True", reason: "R", message: "m", lastTransitionTime: EARLIER } as const;
    const app = spinApp({}, { conditions: [before] });
    expect(condition({ app })).to.include({ lastTransitionTime: EARLIER });
    expect(condition({ app, deployment: undefined })).to.include({ lastTransitionTime: NOW });
  });

  it("leaves out what there is not", () => {
    const app = spinApp({ executor: "" });
    const status = statusOf(input({ app, executor: undefined, deployment: undefined, service: undefined }));
    expect(status).to.not.have.any.keys("activeScheduler", "address", "serviceName", "deploymentName");
  });
});
