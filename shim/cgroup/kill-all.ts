import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "@rcm/lib/errors";
import { CgroupError } from "./errors.ts";
import type { CgroupMounts, CgroupPaths } from "./paths.ts";
import { pidsIn } from "./pids.ts";

const ROUNDS = 100;
const FIRST_WAIT_MS = 2;
const MAX_WAIT_MS = 25;

/**
 * Ends every process in a container's cgroup and below with SIGKILL, also frozen ones, until there is none.
 *
 * @throws {CgroupError} `NOT_A_CONTAINER` for the whole machine's cgroup, or one with ourselves in it; `STILL_ALIVE`
 *   after 100 rounds, about 2.5 s.
 */
export async function killAll(paths: CgroupPaths, mounts: CgroupMounts, signal: AbortSignal): Promise<void> {
  refuseRoots(paths, mounts);
  let pids = pidsIn(paths);
  for (let round = 0; pids.length > 0; round += 1) {
    if (pids.includes(process.pid)) throw notAContainer(paths, `this shim, process ${String(process.pid)}, is in it`);
    if (round === ROUNDS) throw stillAlive(paths, pids);
    killRound(paths, pids);
    await sleep(Math.min(FIRST_WAIT_MS * (round + 1), MAX_WAIT_MS), undefined, { signal });
    pids = pidsIn(paths);
  }
}

function killRound(paths: CgroupPaths, pids: readonly number[]): void {
  // Since Linux 5.14, and unlike what follows it misses no process that is being made.
  if (paths.version === 2 && write(`${paths.folder}/cgroup.kill`, "1")) return;
  for (const pid of pids) killOne(pid);
  thaw(paths); // Version 1 gives a frozen process no signal.
}

function killOne(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}

function thaw(paths: CgroupPaths): void {
  const folder = paths.version === 1 ? paths.folders.get("freezer") : undefined;
  if (folder !== undefined) write(`${folder}/freezer.state`, "THAWED");
}

function write(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: "r+" }); // Never creates it.
    return true;
  } catch {
    return false; // An older kernel, or gone.
  }
}

function refuseRoots(paths: CgroupPaths, { unified, controllers }: CgroupMounts): void {
  const roots = new Set([unified, ...controllers.values()].map((mount) => mount?.folder));
  const folders = paths.version === 2 ? [paths.folder] : [...paths.folders.values()];
  if (folders.some((folder) => roots.has(folder))) throw notAContainer(paths, "it is the machine's own");
}

function notAContainer(paths: CgroupPaths, is: string): CgroupError {
  return new CgroupError(
    "NOT_A_CONTAINER",
    `Cannot kill the processes of cgroup "${nameOf(paths)}": ${is}: give containers cgroups of their own (linux.cgroupsPath)`,
  );
}

function stillAlive(paths: CgroupPaths, pids: readonly number[]): CgroupError {
  return new CgroupError(
    "STILL_ALIVE",
    `Cannot kill the processes of cgroup "${nameOf(paths)}": ${pids.slice(0, 8).join(", ")} are left after ${String(ROUNDS)} rounds: look at them with ps, they may wait for a disk`,
  );
}

function nameOf(paths: CgroupPaths): string {
  return paths.version === 2 ? paths.folder : (paths.folders.values().next().value ?? "");
}
