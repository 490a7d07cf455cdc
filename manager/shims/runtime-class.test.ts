import { expect } from "chai";
import { describe, it } from "mocha";
import { exampleShim } from "./build-examples.ts";
import { planRuntimeClass, planRuntimeClassRemoval, runtimeClassFor, runtimeClassView } from "./runtime-class.ts";

const SELECTOR = { "shim.runtime.spinkube.dev/spin-v2": "provisioned" };
const shim = exampleShim();
const present = runtimeClassFor(shim);

describe("runtimeClassFor()", () => {
  it("schedules on nodes that have the shim", () => {
    expect(present).to.deep.equal({
      metadata: {
        name: "wasmtime-spin-v2",
        labels: { "app.kubernetes.io/managed-by": "runtime-class-manager" },
        ownerReferences: [
          {
            apiVersion: "runtime.spinkube.dev/v1alpha1",
            kind: "Shim",
            name: "spin-v2",
            uid: "shim-uid",
            controller: true,
          },
        ],
      },
      handler: "spin",
      scheduling: { nodeSelector: SELECTOR },
    });
  });

  it("gives pods the Shim's tolerations", () => {
    const tolerations = [{ key: "gpu", operator: "Exists" }];
    expect(runtimeClassFor(exampleShim({ tolerations })).scheduling).to.deep.equal({
      nodeSelector: SELECTOR,
      tolerations,
    });
  });
});

describe("runtimeClassView()", () => {
  it("keeps what an update would else take away", () => {
    const metadata = { ...present.metadata, uid: "u", resourceVersion: "7", finalizers: ["example.org/audit"] };
    const managedFields = [{ manager: "kubectl" }];
    const whole = { ...present, metadata: { ...metadata, managedFields }, overhead: { podFixed: { cpu: "1m" } } };
    expect(runtimeClassView(whole)).to.deep.equal({ ...present, metadata, overhead: whole.overhead });
  });
});

describe("planRuntimeClass()", () => {
  it("makes one where there is none", () => {
    expect(planRuntimeClass(shim, undefined)).to.deep.equal({ kind: "create", object: present });
  });

  it("leaves a good one alone, also what others added", () => {
    const annotated = {
      ...present,
      metadata: { ...present.metadata, annotations: { a: "b" } },
      overhead: { podFixed: {} },
    };
    expect([planRuntimeClass(shim, present), planRuntimeClass(shim, annotated)]).to.deep.equal([
      { kind: "none" },
      { kind: "none" },
    ]);
  });

  it("repairs where pods go, and keeps the rest", () => {
    const overhead = { podFixed: { memory: "1Mi" } };
    for (const scheduling of [undefined, {}, { nodeSelector: {} }, { nodeSelector: { ...SELECTOR, other: "x" } }]) {
      const broken = {
        metadata: present.metadata,
        handler: "spin",
        overhead,
        ...(scheduling === undefined ? {} : { scheduling }),
      };
      expect(planRuntimeClass(shim, broken)).to.deep.equal({ kind: "update", object: { ...present, overhead } });
    }
  });

  it("does not mind the order of fields in a toleration", () => {
    const one = exampleShim({ tolerations: [{ key: "gpu", operator: "Exists" }] });
    const other = exampleShim({ tolerations: [{ operator: "Exists", key: "gpu" }] });
    expect(planRuntimeClass(one, runtimeClassFor(other)).kind).to.equal("none");
  });

  it("makes one anew whose handler is another", () => {
    const wrong = { ...present, metadata: { ...present.metadata, uid: "u" }, handler: "runc" };
    expect(planRuntimeClass(shim, wrong)).to.deep.equal({ kind: "delete", name: "wasmtime-spin-v2", uid: "u" });
  });

  it("leaves somebody else's alone", () => {
    const { ownerReferences: _, ...metadata } = present.metadata;
    const recreated = exampleShim({}, { uid: "another" });
    for (const foreign of [{ ...present, metadata }, runtimeClassFor(recreated)]) {
      expect(planRuntimeClass(shim, foreign)).to.deep.equal({
        kind: "conflict",
        message:
          'RuntimeClass "wasmtime-spin-v2" was not made for this Shim and is left alone: delete it, or use another runtimeClass.name',
      });
    }
  });
});

describe("planRuntimeClassRemoval()", () => {
  it("removes our own only", () => {
    const ours = { ...present, metadata: { ...present.metadata, uid: "u" } };
    const foreign = { metadata: { name: "wasmtime-spin-v2" }, handler: "spin" };
    const kinds = [undefined, ours, foreign].map((one) => planRuntimeClassRemoval(shim, one).kind);
    expect(kinds).to.deep.equal(["none", "delete", "none"]);
  });
});
