import { expect } from "chai";
import { describe, it } from "mocha";
import type { ChildJson } from "./child-view.ts";
import { dataView } from "./data-view.ts";
import { deploymentView, isRolledOut, type DeploymentJson } from "./deployment-view.ts";
import { serviceView } from "./service-view.ts";
import { spinView } from "./spinapp-object.ts";

const OWNER = { kind: "SpinApp", name: "app", uid: "app-uid", controller: true };

function deployment(changes: Partial<DeploymentJson["metadata"]> = {}): DeploymentJson {
  return {
    metadata: { name: "app", uid: "d", generation: 2, ownerReferences: [OWNER], ...changes },
    spec: { replicas: 2 },
    status: { observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 2 },
  };
}

function fields(manager: string, operation = "Apply", spec: object = { "f:replicas": {} }): object {
  return { manager, operation, fieldsV1: { "f:spec": spec } };
}

describe("deploymentView()", () => {
  it("counts pods and knows its owner", () => {
    const view = deploymentView(deployment());
    expect(view).to.include({ uid: "d", owner: "app-uid", wanted: 2, observed: true, replicas: 2, ready: 1 });
    expect(isRolledOut(view)).to.equal(true);
  });

  it("knows nothing of one that has no status yet", () => {
    const view = deploymentView({ metadata: { generation: 1 } });
    expect(view).to.include({ owner: undefined, wanted: 1, observed: false, replicas: 0, available: 0 });
    expect(isRolledOut(view)).to.equal(false);
  });

  it("has another print when what we may have set is another", () => {
    const { print } = deploymentView(deployment());
    expect(deploymentView(deployment({ annotations: { "deployment.kubernetes.io/revision": "2" } })).print).to.equal(
      print,
    );
    expect(deploymentView(deployment({ annotations: { a: "1" } })).print).not.to.equal(print);
    expect(deploymentView(deployment({ labels: { a: "1" } })).print).not.to.equal(print);
    expect(deploymentView(deployment({ ownerReferences: [] })).print).not.to.equal(print);
  });

  const cases: readonly [says: string, entry: object, owns: boolean][] = [
    ["by our apply", fields("spin-operator"), true],
    ["not by another's", fields("kubectl"), false],
    ["not by an update", fields("spin-operator", "Update"), false],
    ["not when we leave it out", fields("spin-operator", "Apply", {}), false],
    ["not by the scale subresource", { ...fields("spin-operator"), subresource: "scale" }, false],
    ["not without fields", { manager: "spin-operator", operation: "Apply" }, false],
  ];
  for (const [says, entry, owns] of cases) {
    it(`knows whose the number of pods is: ${says}`, () => {
      expect(deploymentView(deployment({ managedFields: [entry] })).ownsReplicas).to.equal(owns);
    });
  }
});

describe("serviceView()", () => {
  it("knows where a load balancer listens", () => {
    const metadata = { uid: "s", ownerReferences: [{ ...OWNER, controller: false }] };
    expect(serviceView({ metadata })).to.include({ uid: "s", owner: undefined, outside: undefined });
    const status = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }, { hostname: "b" }] } };
    expect(serviceView({ metadata, status })).to.include({ outside: "192.0.2.1" });
  });
});

describe("dataView()", () => {
  const labels = { "core.spinoperator.dev/app-name": "app" };
  const base = { name: "s", namespace: "ns", uid: "u", resourceVersion: "7" };
  const ours = { app: "core.spinoperator.dev/ns/app", owner: "app-uid", uid: "u" };
  const managed = { "app.kubernetes.io/managed-by": "spin-operator.spinkube.dev" };
  const digest = { "core.spinkube.dev/ca-certificates-sha256": "d" };
  const cases: readonly [says: string, metadata: Partial<ChildJson["metadata"]>, view: object][] = [
    ["a stranger", {}, { ours: undefined, certificates: undefined }],
    ["one with our label that is nobody's", { labels }, { ours: undefined }],
    [
      "one of ours, upstream's without a controller too",
      { labels, ownerReferences: [{ ...OWNER, controller: false }] },
      { ours },
    ],
    ["certificates", { annotations: { ...managed, ...digest } }, { certificates: "d" }],
    ["upstream's certificates", { annotations: managed }, { certificates: "" }],
    ["a user's certificates", { annotations: digest }, { certificates: undefined }],
  ];
  for (const [says, metadata, view] of cases) {
    it(`knows ${says}`, () => {
      expect(dataView({ metadata: { ...base, ...metadata } })).to.deep.include({ name: "s", version: "7", ...view });
    });
  }
});

describe("spinView()", () => {
  it("keeps of the metadata what decisions rest on", () => {
    const metadata = { name: "a", namespace: "n", uid: "u", generation: 1, resourceVersion: "5", labels: { a: "1" } };
    const spec = { createDeployment: false };
    expect(spinView({ metadata: { ...metadata, finalizers: ["f"] }, spec })).to.deep.equal({
      metadata: { name: "a", namespace: "n", uid: "u", generation: 1, finalizers: ["f"] },
      spec,
    });
  });
});
