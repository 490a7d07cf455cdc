import { readdirSync } from "node:fs";
import type { CgroupPaths } from "./paths.ts";
import { SmallFiles } from "./read-file.ts";

const MAX_DEPTH = 16;
const MAX_CGROUPS = 1024;
/**
 * Controllers that every container has, in this order. Two, for with systemd's driver the first pod after boot may have
 * its processes in the pod's cgroup of one controller (seen with `devices`).
 */
const PREFERRED = ["pids", "memory", "freezer", "cpu"];
const MAX_HIERARCHIES = 2;

/**
 * The processes in a container's cgroup and those below it, in order of number.
 *
 * @param initPid is always among them, wherever it may be: containerd takes a shim without processes for a dead one.
 */
export function pidsIn(paths: CgroupPaths, initPid?: number): readonly number[] {
  const pids = new Set(initPid === undefined ? [] : [initPid]);
  const files = new SmallFiles();
  for (const folder of hierarchiesOf(paths)) {
    for (const cgroup of withNested(folder)) {
      const numbers = (files.text(`${cgroup}/cgroup.procs`) ?? "").split("\n").map(Number);
      for (const pid of numbers.filter((number) => number > 0)) pids.add(pid); // 0: not below our pid namespace.
    }
  }
  return [...pids].toSorted((one, other) => one - other);
}

function hierarchiesOf(paths: CgroupPaths): readonly string[] {
  if (paths.version === 2) return [paths.folder];
  const folders = PREFERRED.flatMap((name) => paths.folders.get(name) ?? []);
  return (folders.length === 0 ? [...paths.folders.values()] : folders).slice(0, MAX_HIERARCHIES);
}

function withNested(folder: string): readonly string[] {
  const found = [folder];
  const end = folder.split("/").length + MAX_DEPTH;
  for (const cgroup of found) {
    if (cgroup.split("/").length < end && found.length < MAX_CGROUPS) found.push(...foldersIn(cgroup));
  }
  return found;
}

function foldersIn(cgroup: string): readonly string[] {
  try {
    const entries = readdirSync(cgroup, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => `${cgroup}/${entry.name}`);
  } catch {
    return []; // Removed meanwhile.
  }
}
