import { readdirSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { readCgroupMounts } from "../cgroup/paths.ts";

/** Begins the names of preparers' containers, and of their cgroups. */
export const PREPARER_PREFIX = "rcm-prepare-";
/** No preparation takes so long. */
const OLD_MS = 10 * 60_000;

/** Removes the cgroups that a runc left which was killed before it had noted its container. Those with processes stay. */
export function removeEmptyCgroups(): void {
  const { controllers, unified } = readCgroupMounts();
  const folders = [...controllers.values(), ...(unified === undefined ? [] : [unified])].map(({ folder }) => folder);
  for (const folder of new Set(folders)) {
    const names = readdirSync(folder).filter((name) => name.startsWith(PREPARER_PREFIX));
    for (const name of names) removeIfOld(join(folder, name));
  }
}

function removeIfOld(path: string): void {
  try {
    if (Date.now() - statSync(path).ctimeMs > OLD_MS) rmdirSync(path);
  } catch {
    // It is in use, or another shim was faster.
  }
}
