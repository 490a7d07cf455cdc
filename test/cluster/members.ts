/** Nodes that come, go, lose their power and are replaced while the cluster runs. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { API_URL, MAX_NODES } from "./addresses.ts";
import type { Api } from "./api.ts";
import { connectApi } from "./api.ts";
import { ClusterError } from "./cluster-error.ts";
import { findNode, needState, writeState } from "./cluster-state.ts";
import { findDaemon } from "./daemon.ts";
import { LAN_DAEMON } from "./lan.ts";
import type { NodeSpec } from "./node-files.ts";
import { bootNode, createNode, joinCluster } from "./node-life.ts";
import { findLeader, powerOff, removeDisk } from "./node-machine.ts";
import type { NodeVersion } from "./node-version.ts";
import { layersOf } from "./parts.ts";
import type { Layout } from "./settings.ts";

/** Adds a machine and waits until it is Ready. Returns its name. */
export async function addNode(layout: Layout, version: NodeVersion, signal: AbortSignal): Promise<string> {
  const state = await needState(layout);
  const index = state.lastIndex + 1;
  if (index > MAX_NODES) {
    throw new ClusterError("USAGE", `Cannot add a node: ${String(MAX_NODES)} were made; bring the cluster down and up`);
  }
  const node = { name: `node${String(index)}`, index, version };
  await writeState(layout, { ...state, nodes: [...state.nodes, node], lastIndex: index });
  await startNew(layout, node, signal);
  return node.name;
}

/**
 * Powers a machine off and destroys it.
 *
 * @param object `keep` leaves its Node object, as when a machine is lost.
 */
export async function removeNode(
  layout: Layout,
  name: string,
  object: "keep" | "delete",
  signal: AbortSignal,
): Promise<void> {
  await findNode(layout, name);
  await powerOff(name, signal);
  const path = `/api/v1/nodes/${name}`;
  if (object === "delete") {
    await withApi(layout, async (api) => api.call({ method: "DELETE", path, accept: [404] }, signal));
  }
  await removeDisk(layout, name);
  for (const end of [".crt", ".key", ".kubelet.conf"]) await rm(join(layout.pki, name + end), { force: true });
  const state = await needState(layout);
  await writeState(layout, { ...state, nodes: state.nodes.filter((node) => node.name !== name) });
}

/** Boots a machine that is off from its old disk and waits until the node is Ready again. Does nothing if it is on. */
export async function bootAgain(layout: Layout, name: string, signal: AbortSignal): Promise<void> {
  const node = await findNode(layout, name);
  if ((await findLeader(layout, name)) !== undefined) return;
  await powerOff(name, signal); // What a machine that ended by itself left behind.
  await boot(layout, node, signal);
}

/** Puts another machine (new disk, machine-id, certificate) in the place of one, under its name and address. */
export async function replaceNode(
  layout: Layout,
  name: string,
  version: NodeVersion,
  signal: AbortSignal,
): Promise<void> {
  const node = { ...(await findNode(layout, name)), version };
  await powerOff(name, signal);
  const state = await needState(layout);
  await writeState(layout, { ...state, nodes: state.nodes.map((old) => (old.name === name ? node : old)) });
  await startNew(layout, node, signal);
}

async function startNew(layout: Layout, node: NodeSpec, signal: AbortSignal): Promise<void> {
  await createNode(layout, node, signal);
  await boot(layout, node, signal);
}

async function boot(layout: Layout, node: NodeSpec, signal: AbortSignal): Promise<void> {
  const lan = await findDaemon(layout.run, LAN_DAEMON);
  if (lan === undefined) throw new ClusterError("NOT_UP", `Cannot boot ${node.name}: the cluster's network is gone`);
  await bootNode(layout, node, { lan, lower: await lowerOf(layout, node, signal) }, signal);
  await withApi(layout, async (api) => joinCluster(layout, node.name, api, signal));
}

/** What lies below a node's /usr, but for the machine's own. */
export async function lowerOf(layout: Layout, { version }: NodeSpec, signal: AbortSignal): Promise<string[]> {
  const { kubeLayer } = await needState(layout);
  const layers = [...(await layersOf(version, layout.settings.cacheDir, signal)), kubeLayer];
  return layers.map((layer) => join(layer, "usr"));
}

/** Lends a connection to the API server. */
export async function withApi<Value>(layout: Layout, use: (api: Api) => Promise<Value>): Promise<Value> {
  const api = await connectApi(API_URL, layout.pki, "cluster");
  try {
    return await use(api);
  } finally {
    await api.close();
  }
}
