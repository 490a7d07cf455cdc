import { SPIN_OLDER_GROUP } from "@rcm/crds";
import { expect } from "chai";
import { describe, it } from "mocha";
import { finalizerPatch, planExecutor, type ExecutorPlan, type ObservedExecutor } from "./plan.ts";

const OURS = "core.spinkube.dev/finalizer";
const TIME = "2026-01-01T00:00:00Z";

function executor(finalizers: readonly string[] | undefined, deletionTimestamp?: string): ObservedExecutor["executor"] {
  const kept = finalizers === undefined ? {} : { finalizers: [...finalizers] };
  const deletion = deletionTimestamp === undefined ? {} : { deletionTimestamp };
  return { metadata: { name: "shim", ...kept, ...deletion }, spec: { createDeployment: false } };
}

describe("planExecutor()", () => {
  const cases: readonly [says: string, observed: Omit<ObservedExecutor, "group">, plan: ExecutorPlan][] = [
    ["holds a new one", { executor: executor(undefined), users: [] }, { kind: "setFinalizers", finalizers: [OURS] }],
    [
      "keeps the holds of others",
      { executor: executor(["other"]), users: [] },
      { kind: "setFinalizers", finalizers: ["other", OURS] },
    ],
    ["leaves one that is held", { executor: executor([OURS]), users: ["a"] }, { kind: "none" }],
    [
      "lets go of one that nobody uses",
      { executor: executor(["other", OURS], TIME), users: [] },
      { kind: "setFinalizers", finalizers: ["other"] },
    ],
    ["leaves one that others hold", { executor: executor(["other"], TIME), users: [] }, { kind: "none" }],
    [
      "keeps one that is used, and says by whom",
      { executor: executor([OURS], TIME), users: ["b", "a"] },
      {
        kind: "blocked",
        note: "Cannot delete SpinAppExecutor with dependent SpinApps: delete a, b, or give them another spec.executor",
      },
    ],
    [
      "names a few of many",
      { executor: executor([OURS], TIME), users: ["a", "b", "c", "d", "e", "f", "g"] },
      {
        kind: "blocked",
        note: "Cannot delete SpinAppExecutor with dependent SpinApps: delete a, b, c, d, e and 2 more, or give them another spec.executor",
      },
    ],
  ];
  for (const [says, observed, plan] of cases) {
    it(says, () => expect(planExecutor({ group: "core.spinkube.dev", ...observed })).to.deep.equal(plan));
  }

  it("has a hold of its own in the older group", () => {
    expect(planExecutor({ group: SPIN_OLDER_GROUP, executor: executor([OURS]), users: [] })).to.deep.equal({
      kind: "setFinalizers",
      finalizers: [OURS, "core.spinoperator.dev/finalizer"],
    });
  });
});

describe("finalizerPatch()", () => {
  it("overwrites no list that it has not seen", () => {
    const tests = [undefined, [], ["other"]].map((finalizers) => finalizerPatch(executor(finalizers), [OURS])[1]);
    const path = "/metadata/finalizers";
    expect(tests).to.deep.equal([
      { op: "test", path, value: null },
      { op: "test", path, value: [] },
      { op: "test", path, value: ["other"] },
    ]);
  });
});
