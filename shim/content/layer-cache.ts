import { linkSync, mkdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "@rcm/lib/errors";
import { nodeCrypto } from "@rcm/lib/late-modules";
import { ContentError } from "./errors.ts";
import { PART, pruneFiles } from "./prune-files.ts";

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
  if (isWhole(path, layer)) {
    const now = new Date();
    utimesSync(path, now, now);
    return path;
  }
  mkdirSync(cache.folder, { recursive: true, mode: 0o700 });
  const part = `${path}.${nodeCrypto().randomUUID()}${PART}`;
  try {
    await writeVerified(part, layer, fetch());
    keep(path, part, layer);
  } finally {
    rmSync(part, { force: true });
  }
  pruneFiles(cache.folder, cache.maxBytes);
  return path;
}

function isWhole(path: string, { size }: Descriptor): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === size;
}

/** Takes nothing away that another shim has made, for a file without a name can get none: `link` would fail there. */
function keep(path: string, part: string, layer: Descriptor): void {
  try {
    linkSync(part, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
    if (!isWhole(path, layer)) renameSync(part, path);
  }
}

async function writeVerified(path: string, layer: Descriptor, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await open(path, "wx", 0o444);
  const hash = nodeCrypto().createHash("sha256");
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
