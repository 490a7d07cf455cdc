import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export interface UsedFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** When it was written or touched last, in milliseconds since 1970. */
  readonly usedMs: number;
}

/** The files of a cache's folder, the longest unused first. What others remove meanwhile is left out. */
export function filesByUse(folder: string): readonly UsedFile[] {
  const files = readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? [] : [{ path, size: stat.size, usedMs: stat.mtimeMs }];
  });
  return files.toSorted((one, other) => one.usedMs - other.usedMs);
}
