import { expect } from "chai";
import { describe, it } from "mocha";
import { exampleNode } from "./build-examples.ts";
import { DAEMON_TOLERATIONS, ineligible, matches } from "./eligibility.ts";
import type { NodeView } from "./node-view.ts";

type Tolerations = Parameters<typeof ineligible>[1];

describe("matches()", () => {
  it("wants all labels, and takes every Linux node without a selector", () => {
    const node = exampleNode({ labels: { a: "1", b: "2" } });
    const selectors = [undefined, {}, { a: "1" }, { a: "1", b: "2" }, { a: "2" }, { c: "" }];
    expect(selectors.map((selector) => matches(selector, node))).to.deep.equal([true, true, true, true, false, false]);
  });

  it("leaves Windows alone", () => {
    expect(matches(undefined, exampleNode({ os: "windows" }))).to.equal(false);
  });
});

describe("ineligible()", () => {
  const gpu = { key: "gpu", value: "yes", effect: "NoSchedule" };
  const cases: readonly [
    says: string,
    node: Partial<NodeView>,
    tolerations: Tolerations,
    reason: string | undefined,
  ][] = [
    ["takes a good node", {}, [], undefined],
    ["refuses CRI-O", { runtimeVersion: "cri-o://1.30" }, [], "RuntimeUnsupported"],
    ["refuses Talos", { osImage: "Talos (v1.8)" }, [], "ImmutableSystem"],
    ["refuses Bottlerocket", { osImage: "Bottlerocket OS 1.2" }, [], "ImmutableSystem"],
    ["refuses k3s", { kubeletVersion: "v1.34.1+k3s1" }, [], "DistributionUnsupported"],
    ["refuses RKE2", { kubeletVersion: "v1.34.1+rke2r1" }, [], "DistributionUnsupported"],
    ["waits for a node that is not ready", { ready: false }, [], "NodeNotReady"],
    ["waits for a toleration", { taints: [gpu] }, [], "TaintNotTolerated"],
    [
      "does not mind what a DaemonSet tolerates",
      { taints: [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }] },
      [],
      undefined,
    ],
    ["does not mind a preference", { taints: [{ key: "x", effect: "PreferNoSchedule" }] }, [], undefined],
    ["tolerates by key", { taints: [gpu] }, [{ key: "gpu", operator: "Exists" }], undefined],
    ["tolerates by value", { taints: [gpu] }, [{ key: "gpu", value: "yes" }], undefined],
    ["not by another value", { taints: [gpu] }, [{ key: "gpu", operator: "Equal", value: "no" }], "TaintNotTolerated"],
    [
      "not by another effect",
      { taints: [gpu] },
      [{ key: "gpu", operator: "Exists", effect: "NoExecute" }],
      "TaintNotTolerated",
    ],
    ["not by another key", { taints: [gpu] }, [{ key: "cpu", operator: "Exists" }], "TaintNotTolerated"],
    ["tolerates everything", { taints: [gpu] }, [{ operator: "Exists" }], undefined],
    [
      "an empty key without Exists is nothing",
      { taints: [gpu] },
      [{ operator: "Equal", value: "yes" }],
      "TaintNotTolerated",
    ],
  ];
  for (const [says, node, tolerations, reason] of cases) {
    it(says, () => {
      expect(ineligible(exampleNode(node), tolerations)?.reason).to.equal(reason);
    });
  }

  it("says which toleration is missing, to be copied", () => {
    const message = ineligible(exampleNode({ taints: [gpu] }), [])?.message;
    expect(message).to.equal(
      'Node has the taint gpu=yes:NoSchedule: add {"key":"gpu","operator":"Exists","effect":"NoSchedule"} to spec.tolerations',
    );
    const bare = ineligible(exampleNode({ taints: [{ key: "gpu", effect: "NoExecute" }] }), [])?.message;
    expect(bare).to.match(/^Node has the taint gpu:NoExecute: /);
  });

  it("does not tolerate a node without room for pods at all", () => {
    const effects = DAEMON_TOLERATIONS.map(({ key }) => key);
    expect(effects).to.not.include("node.kubernetes.io/network-unavailable");
  });
});
