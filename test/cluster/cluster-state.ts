import { readFile, rename, writeFile } from "node:fs/promises";
import type { NodeSpec } from "./node-files.ts";
import type { Layout } from "./settings.ts";

/** What a later run of the program must know of a cluster. */
export interface ClusterState {
  readonly schema: 1;
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
  const state = JSON.parse(text) as ClusterState; // We wrote it whole, by rename.
  return state.schema === 1 ? state : undefined;
}

export async function writeState(layout: Layout, state: ClusterState): Promise<void> {
  const part = `${layout.state}.part`;
  await writeFile(part, `${JSON.stringify(state, undefined, 2)}\n`);
  await rename(part, layout.state);
}
