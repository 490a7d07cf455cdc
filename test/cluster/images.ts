import { constants } from "node:fs";
import { copyFile, mkdir, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { REGISTRY } from "./addresses.ts";
import { ClusterError } from "./cluster-error.ts";
import { needState } from "./cluster-state.ts";
import { findLeader, runInNode } from "./node-machine.ts";
import type { Layout } from "./settings.ts";

const IMPORT_TIMEOUT_MS = 120_000;
const CTR = ["ctr", "-n", "k8s.io", "image"];

/** The archives that every node gets when it boots: ours and those loaded into all nodes. */
export async function commonArchives(layout: Layout): Promise<string[]> {
  const names = await readdir(layout.images);
  return names.filter((name) => name.endsWith(".tar")).map((name) => join(layout.images, name));
}

/** Imports an archive into every node that is on, and into all that boot later. */
export async function loadEverywhere(layout: Layout, archive: string, signal: AbortSignal): Promise<void> {
  await mkdir(layout.images, { recursive: true });
  const kept = join(layout.images, `loaded-${basename(archive, ".tar")}.tar`);
  await copyFile(archive, kept, constants.COPYFILE_FICLONE);
  const { nodes } = await needState(layout);
  await Promise.all(
    nodes.map(async ({ name }) => {
      if ((await findLeader(layout, name)) !== undefined) await importImage(layout, name, kept, signal);
    }),
  );
}

/**
 * Imports an OCI or docker archive into the namespace that CRI uses.
 *
 * @throws {ClusterError} `COMMAND_FAILED` with ctr's words.
 */
export async function importImage(layout: Layout, node: string, archive: string, signal: AbortSignal): Promise<void> {
  await ctr(layout, node, { words: "import -", stdinFile: archive }, signal);
}

/**
 * Pushes an image that a node has to the cluster's registry, and forgets the new name there, so that a pod that asks for
 * it pulls it.
 *
 * @returns the name to pull: `198.18.40.254:5000/busybox:1` for `localhost/busybox:1`.
 */
export async function pushImage(layout: Layout, node: string, image: string, signal: AbortSignal): Promise<string> {
  const [host = "", ...path] = image.split("/");
  const reference = [REGISTRY, ...(/[.:]|^localhost$/.test(host) ? path : [host, ...path])].join("/");
  await ctr(layout, node, { words: `tag --force ${image} ${reference}` }, signal);
  await ctr(layout, node, { words: `push --plain-http ${reference}` }, signal);
  await ctr(layout, node, { words: `rm ${reference}` }, signal);
  return reference;
}

interface Ctr {
  /** With blanks between them. */
  readonly words: string;
  readonly stdinFile?: string;
}

async function ctr(layout: Layout, node: string, { words, ...input }: Ctr, signal: AbortSignal): Promise<void> {
  const options = { timeoutMs: IMPORT_TIMEOUT_MS, ...input };
  const { code, stderr } = await runInNode({ layout, name: node }, [...CTR, ...words.split(" ")], options, signal);
  if (code === 0) return;
  throw new ClusterError("COMMAND_FAILED", `Cannot do "image ${words}" on ${node}: ${stderr.trim().slice(-500)}`);
}
