import type { ShimSpec } from "@rcm/crds";
import type { NodeView, Taint } from "./node-view.ts";

/** A node that the selector matches but that is not touched; says why and what to do. */
export interface Ineligible {
  readonly kind: "unsupported" | "waiting";
  readonly reason: string;
  readonly message: string;
}

type Toleration = NonNullable<ShimSpec["tolerations"]>[number];

/**
 * What the DaemonSet controller gives its pods, so that pressure or a cordon does not keep the installer out.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations
 */
export const DAEMON_TOLERATIONS: readonly Toleration[] = [
  { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/disk-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/pid-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/unschedulable", operator: "Exists", effect: "NoSchedule" },
];

/** Nodes whose system image cannot be changed from a pod, by the beginning of `osImage`. */
const IMMUTABLE: readonly string[] = ["Talos", "Bottlerocket"];

/** Distributions that generate containerd's configuration, by a part of the kubelet's version. */
const GENERATED: Readonly<Record<string, string>> = { "+k3s": "k3s", "+rke2": "RKE2", "+k0s": "k0s" };

export function matches(selector: Readonly<Record<string, string>> | undefined, node: NodeView): boolean {
  return node.os !== "windows" && Object.entries(selector ?? {}).every(([key, value]) => node.labels[key] === value);
}

/** Why the node is left alone, or undefined when an installer may run on it. */
export function ineligible(node: NodeView, tolerations: readonly Toleration[]): Ineligible | undefined {
  return unsupported(node) ?? notReady(node) ?? untolerated(node, [...DAEMON_TOLERATIONS, ...tolerations]);
}

function unsupported(node: NodeView): Ineligible | undefined {
  if (node.runtimeVersion !== "" && !node.runtimeVersion.startsWith("containerd://")) {
    return refuse(
      "RuntimeUnsupported",
      `Node runs ${node.runtimeVersion}, not containerd: exclude it by spec.nodeSelector`,
    );
  }
  const image = IMMUTABLE.find((name) => node.osImage.startsWith(name));
  if (image !== undefined) {
    return refuse("ImmutableSystem", `${node.osImage} cannot be changed by a pod: add the shim to its system image`);
  }
  const generated = Object.entries(GENERATED).find(([part]) => node.kubeletVersion.includes(part));
  if (generated === undefined) return undefined;
  return refuse(
    "DistributionUnsupported",
    `${generated[1]} writes containerd's configuration itself: exclude the node by spec.nodeSelector`,
  );
}

function refuse(reason: string, message: string): Ineligible {
  return { kind: "unsupported", reason, message };
}

function notReady(node: NodeView): Ineligible | undefined {
  if (node.ready) return undefined;
  return { kind: "waiting", reason: "NodeNotReady", message: "Node is not Ready: the shim is installed once it is" };
}

function untolerated(node: NodeView, tolerations: readonly Toleration[]): Ineligible | undefined {
  const taint = node.taints.find(
    (candidate) => candidate.effect !== "PreferNoSchedule" && !tolerations.some((one) => tolerates(one, candidate)),
  );
  if (taint === undefined) return undefined;
  const toleration = JSON.stringify({ key: taint.key, operator: "Exists", effect: taint.effect });
  return {
    kind: "waiting",
    reason: "TaintNotTolerated",
    message: `Node has the taint ${taintText(taint)}: add ${toleration} to spec.tolerations`,
  };
}

/** @see https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== undefined && toleration.effect !== "" && toleration.effect !== taint.effect) return false;
  if (toleration.key === undefined || toleration.key === "") return toleration.operator === "Exists";
  if (toleration.key !== taint.key) return false;
  return toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "");
}

function taintText({ key, value, effect }: Taint): string {
  return value === undefined || value === "" ? `${key}:${effect}` : `${key}=${value}:${effect}`;
}
