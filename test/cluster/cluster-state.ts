import { readFile, rename, writeFile } from "node:fs/promises";
import { ClusterError } from "./cluster-error.ts";
import type { NodeSpec } from "./node-files.ts";
import type { Layout } from "./settings.ts";

/** What a later run of the program must know of a cluster. */
export interface ClusterState {
  /** `making` until everything was up for the first time. */
  readonly phase: "making" | "made";
  /** The `kube` executable and the folder it is in, as a layer. */
  readonly kube: string;
  readonly kubeLayer: string;
  readonly nodes: readonly NodeSpec[];
  /** The highest number that a node ever had: numbers are not used twice. */
  readonly lastIndex: number;
}

/** The cluster that was brought up here, or undefined. */
export async function readState(layout: Layout): Promise<ClusterState | undefined> {
  const text = await readFile(layout.state, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  return JSON.parse(text) as ClusterState; // We wrote it whole, by rename.
}

/** @throws {ClusterError} `NOT_UP`. */
export async function needState(layout: Layout): Promise<ClusterState> {
  const state = await readState(layout);
  if (state !== undefined) return state;
  throw new ClusterError(
    "NOT_UP",
    `Cannot use the cluster in "${layout.settings.dir}": it is not up; scripts/cluster up`,
  );
}

/** @throws {ClusterError} `UNKNOWN_NODE` or `NOT_UP`. */
export async function findNode(layout: Layout, name: string): Promise<NodeSpec> {
  const { nodes } = await needState(layout);
  const node = nodes.find((known) => known.name === name);
  if (node !== undefined) return node;
  const known = nodes.map((one) => one.name).join(", ");
  throw new ClusterError("UNKNOWN_NODE", `Cannot find node "${name}": there are ${known}`);
}

export async function writeState(layout: Layout, state: ClusterState): Promise<void> {
  const part = `${layout.state}.part`;
  await writeFile(part, `${JSON.stringify(state, undefined, 2)}\n`);
  await rename(part, layout.state);
}
