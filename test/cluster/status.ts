import { API_URL, REGISTRY, nodeAddress } from "./addresses.ts";
import { isUp } from "./bring-up.ts";
import { needState } from "./cluster-state.ts";
import { withApi } from "./members.ts";
import type { NodeSpec } from "./node-files.ts";
import { findLeader } from "./node-machine.ts";
import type { Layout } from "./settings.ts";

interface NodeStatus extends NodeSpec {
  readonly address: string;
  readonly machine: "on" | "off";
  /** Status of the condition Ready, or `no object`. */
  readonly ready: string;
}

export interface ClusterStatus {
  readonly up: boolean;
  readonly api: string;
  readonly registry: string;
  readonly kubeconfig: string;
  readonly logs: string;
  readonly nodes: readonly NodeStatus[];
}

/** @throws {ClusterError} `NOT_UP` if nothing was brought up; a cluster of which a part ended has `up: false`. */
export async function clusterStatus(layout: Layout, signal: AbortSignal): Promise<ClusterStatus> {
  const { nodes } = await needState(layout);
  const up = await isUp(layout);
  return {
    up,
    api: API_URL,
    registry: REGISTRY,
    kubeconfig: layout.kubeconfig,
    logs: layout.log,
    nodes: await Promise.all(nodes.map(async (node) => nodeStatus(layout, node, signal))),
  };
}

async function nodeStatus(layout: Layout, node: NodeSpec, signal: AbortSignal): Promise<NodeStatus> {
  const machine = (await findLeader(layout, node.name)) === undefined ? "off" : "on";
  const ready = await withApi(layout, async (api) => {
    const object = await api.call({ path: `/api/v1/nodes/${node.name}`, accept: [404] }, signal);
    const { status } = object as { readonly status: string | NodeConditions };
    if (typeof status === "string") return "no object"; // An API Status.
    return status.conditions?.find(({ type }) => type === "Ready")?.status ?? "Unknown";
  }).catch(() => "API server away");
  return { ...node, address: nodeAddress(node.index), machine, ready };
}

interface NodeConditions {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}
