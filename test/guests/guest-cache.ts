import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where guests and the tools that build them are kept, outside of the source tree, for all tests of a machine. */
const GUEST_CACHE: string = join(tmpdir(), "rcm-guests");

/** The folder of one thing in the cache. It is made if it is not there. */
export function cacheFolder(name: string): string {
  const folder = join(GUEST_CACHE, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Puts a folder that is whole where it belongs in the cache, unless another test was faster. */
export function putInPlace(half: string, folder: string): void {
  try {
    renameSync(half, folder);
  } catch (error) {
    rmSync(half, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
}

/** A digest of all files of a folder, to see whether what was built from them is still current. */
export function digestOfFolder(folder: string): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted()) {
    if (name.startsWith("target")) continue;
    const path = join(folder, name);
    if (statSync(path).isFile()) hash.update(name).update(readFileSync(path));
  }
  return hash.digest("hex").slice(0, 16);
}
