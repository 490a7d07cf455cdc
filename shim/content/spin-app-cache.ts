import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "@rcm/lib/errors";
import { filesByUse } from "@rcm/lib/files-by-use";
import { nodeCrypto } from "@rcm/lib/late-modules";
import { layerFile, type Descriptor, type LayerCache } from "./layer-cache.ts";
import { mountedNames } from "./mounted-names.ts";
import type { SpinArtifact } from "./parse-manifest.ts";
import { IN_USE_MS, PART } from "./prune-files.ts";
import { writeSpinApp } from "./write-spin-app.ts";

/** Where a node keeps what its images consist of: on one disk, because applications consist of hard links to layers. */
export interface SpinCaches {
  readonly layers: LayerCache;
  /** Folders by digest, in a folder that only root gets at; any number of shims may use it at once. */
  readonly apps: LayerCache;
}

/** What a folder is made for. */
export interface SpinApp {
  /** Of the manifest. */
  readonly digest: string;
  readonly artifact: SpinArtifact;
}

const BLOCK_BYTES = 512;

/**
 * The folder of a Spin application, laid out as {@link writeSpinApp} says. It is there whole or not at all: made beside,
 * flushed and renamed.
 *
 * @throws {ContentError} `CORRUPT`, `SPEC_UNSUPPORTED`.
 */
export async function spinAppFolder(
  { layers, apps }: SpinCaches,
  { digest, artifact }: SpinApp,
  read: (layer: Descriptor) => AsyncIterable<Uint8Array>,
): Promise<string> {
  const folder = join(apps.folder, digest.replace(":", "-"));
  if (isUsable(folder)) return folder;
  mkdirSync(apps.folder, { recursive: true, mode: 0o700 });
  const part = `${folder}.${nodeCrypto().randomUUID()}${PART}`;
  try {
    await writeSpinApp(part, artifact, async (layer) => layerFile(layers, layer, () => read(layer)));
    moveTo(folder, part);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  try {
    pruneApps(apps);
  } catch (error) {
    if (!isGone(error)) throw error; // Another shim was faster.
  }
  return folder;
}

/** Notes that it is used, if it is there. */
function isUsable(folder: string): boolean {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return false;
  const now = new Date();
  utimesSync(folder, now, now);
  return true;
}

/** Another shim may have been faster; what it made is the same. */
function moveTo(folder: string, part: string): void {
  try {
    renameSync(part, folder);
  } catch (error) {
    if (!hasCode(error, "EEXIST", "ENOTEMPTY")) throw error;
  }
}

/**
 * Deletes what was longest unused, and remains of what was cut off. Nothing that was used in the last ten minutes, for it
 * may be about to be mounted; and nothing that is mounted, for a container would see its files go.
 */
function pruneApps({ folder, maxBytes }: LayerCache): void {
  const entries = filesByUse(folder).map(({ path, usedMs }) => ({ path, usedMs, size: bytesIn(path) }));
  let total = entries.reduce((sum, { size }) => sum + size, 0);
  let isMounted: ((name: string) => boolean) | undefined;
  for (const { path, size, usedMs } of entries) {
    if (Date.now() - usedMs < IN_USE_MS) return;
    if (total <= maxBytes && !path.endsWith(PART)) continue;
    isMounted ??= mountedNames();
    if (isMounted(path)) continue;
    remove(path, usedMs);
    total -= size;
  }
}

/** By a rename first: nobody finds half of it. */
function remove(path: string, usedMs: number): void {
  if (statSync(path, { throwIfNoEntry: false })?.mtimeMs !== usedMs) return; // It was just used.
  const part = `${path}.${nodeCrypto().randomUUID()}${PART}`;
  renameSync(path, part);
  rmSync(part, { recursive: true, force: true });
}

/** On the disk; a file with several names counts once. */
function bytesIn(folder: string): number {
  const blocks = new Map<number, number>();
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const stats = lstatSync(join(folder, name), { throwIfNoEntry: false });
    if (stats !== undefined) blocks.set(stats.ino, stats.blocks * BLOCK_BYTES);
  }
  return [...blocks.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function isGone(error: unknown): boolean {
  return hasCode(error, "ENOENT");
}
