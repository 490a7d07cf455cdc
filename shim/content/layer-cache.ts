import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { filesByUse } from "@rcm/lib/files-by-use";
import { ContentError } from "./errors.ts";

/** Files by digest, in a folder that only root gets at; any number of shims may use it at once. */
export interface LayerCache {
  readonly folder: string;
  /** All files together; the longest unused go first. */
  readonly maxBytes: number;
}

/** What a manifest says of a blob. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** A file that was just used is not deleted, for a shim may be about to mount it. */
const IN_USE_MS = 10 * 60_000;
const PART = ".part";

/**
 * The blob as a file that everybody may read. It is fetched if it is not there, and its digest compared.
 *
 * @throws {ContentError} `CORRUPT` if what was fetched is something else.
 */
export async function layerFile(
  cache: LayerCache,
  layer: Descriptor,
  fetch: () => AsyncIterable<Uint8Array>,
): Promise<string> {
  const path = join(cache.folder, layer.digest.replace(":", "-"));
  if (statSync(path, { throwIfNoEntry: false })?.size === layer.size) {
    const now = new Date();
    utimesSync(path, now, now);
    return path;
  }
  mkdirSync(cache.folder, { recursive: true, mode: 0o700 });
  const part = `${path}.${randomUUID()}${PART}`;
  try {
    await writeVerified(part, layer, fetch());
    renameSync(part, path);
  } finally {
    rmSync(part, { force: true });
  }
  prune(cache);
  return path;
}

async function writeVerified(path: string, layer: Descriptor, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await open(path, "wx", 0o444);
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > layer.size) break;
    hash.update(chunk);
    await file.writeFile(chunk);
  }
  if (size !== layer.size || `sha256:${hash.digest("hex")}` !== layer.digest) {
    throw new ContentError(
      "CORRUPT",
      `Cannot use layer "${layer.digest}": what containerd has of it is something else`,
    );
  }
  await file.chmod(0o444); // Whatever the umask is.
  await file.sync();
}

function prune({ folder, maxBytes }: LayerCache): void {
  const files = filesByUse(folder);
  let total = files.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size, usedMs } of files) {
    if (Date.now() - usedMs < IN_USE_MS) return;
    if (total <= maxBytes && !path.endsWith(PART)) continue;
    rmSync(path, { force: true });
    total -= size;
  }
}
