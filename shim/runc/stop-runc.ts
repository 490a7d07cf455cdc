import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** How long runc may take to clean up, and how often what it has started since is ended, in milliseconds. */
const CLEANUP_MS = 2000;
const ROUND_MS = 100;

/**
 * Makes runc give up: ends what it has started (a hook, the init of a container), upon which it removes what it has
 * made, cgroups among it. Killed at once, it would leave them. After two seconds it is killed all the same.
 */
export function stopRunc(runc: ChildProcess): void {
  const { pid } = runc;
  if (pid === undefined) return;
  killChildren(pid);
  const rounds = setInterval(killChildren, ROUND_MS, pid);
  const end = setTimeout(() => runc.kill("SIGKILL"), CLEANUP_MS);
  runc.once("exit", () => {
    clearInterval(rounds);
    clearTimeout(end);
  });
}

function killChildren(parent: number): void {
  for (const pid of processes()) {
    if (parentOf(pid) === parent) killIfThere(Number(pid));
  }
}

/** None with too many open files: this is no place to throw, the next round looks again, and runc is killed in the end. */
function processes(): readonly string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** The 4th field of /proc/PID/stat; the 2nd is the program's name in brackets, which may hold anything. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ", 2)[1]);
  } catch {
    return undefined; // It has ended meanwhile.
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
