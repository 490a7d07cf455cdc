import { expect } from "chai";
import { describe, it } from "mocha";
import type { SpinAppObject } from "./kinds.ts";
import { readinessOf, readyCount } from "./readiness.ts";

function appWith(status: Partial<NonNullable<SpinAppObject["status"]>>, replicas?: number): SpinAppObject {
  const spec = { image: "a", ...(replicas === undefined ? {} : { replicas }) };
  return { metadata: { name: "a", generation: 3 }, spec, status: { readyReplicas: 0, ...status } };
}

function ready(status: string, reason: string, message: string, observedGeneration?: number): object {
  const generation = observedGeneration === undefined ? {} : { observedGeneration };
  return { conditions: [{ type: "Ready", status, reason, message, lastTransitionTime: "", ...generation }] };
}

describe("readinessOf()", () => {
  const cases: readonly [says: string, status: object, isReady: boolean, text: string][] = [
    ["nothing said", {}, false, "its operator has said nothing yet: see that it runs"],
    ["ready", ready("True", "Running", "2 of 2 pods are ready", 3), true, "Running: 2 of 2 pods are ready"],
    ["ready without more words", ready("True", "Running", ""), true, "Running"],
    ["not ready", ready("False", "ImagePullBackOff", "look", 3), false, "ImagePullBackOff: look"],
    ["not known", ready("Unknown", "Progressing", ""), false, "Progressing"],
    [
      "ready before the last change",
      ready("True", "Running", "", 2),
      false,
      "its operator has not seen the last change yet: see that it runs",
    ],
  ];
  for (const [says, status, isReady, text] of cases) {
    it(`takes it for ${isReady ? "ready" : "not ready"}: ${says}`, () => {
      expect(readinessOf(appWith(status))).to.deep.equal({ isReady, text });
    });
  }
});

describe("readyCount()", () => {
  it("counts what is ready and what the application or its autoscaler wants", () => {
    expect(readyCount(appWith({ readyReplicas: 1 }, 2))).to.equal("1/2");
    expect(readyCount(appWith({ readyReplicas: 4, desiredReplicas: 5 }))).to.equal("4/5");
    expect(readyCount({ metadata: { name: "a" }, spec: { image: "a" } })).to.equal("0/0");
  });
});
