import { rmSync } from "node:fs";
import { filesByUse } from "@rcm/lib/files-by-use";

/** What was used within so many milliseconds is not deleted, for a shim may be about to mount it. */
export const IN_USE_MS = 10 * 60_000;
/** Ends the names of what is being written. */
export const PART = ".part";

/**
 * Deletes what was unused for longest until all files together have at most `maxBytes`, and what was never written to
 * its end. Those that have a deleted file open or mounted keep it.
 */
export function pruneFiles(folder: string, maxBytes: number): void {
  const files = filesByUse(folder);
  let total = files.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size, usedMs } of files) {
    if (Date.now() - usedMs < IN_USE_MS) return;
    if (total <= maxBytes && !path.endsWith(PART)) continue;
    rmSync(path, { force: true });
    total -= size;
  }
}
