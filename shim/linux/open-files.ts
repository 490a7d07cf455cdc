import { readdirSync, readFileSync } from "node:fs";
import { checkResult, libcFunction } from "./libc.ts";

/** @see https://man7.org/linux/man-pages/man2/getrlimit.2.html */
const RLIMIT_NOFILE = 7;

/** An rlimit64: two numbers of 64 bits, the soft limit and the hard one. */
const LIMIT_BYTES = 16;
const HARD_AT = 8;

/** A start of a process opens pipes, above all files that are open, in the worst case. */
const SPARE = 32;

const prlimit = libcFunction("prlimit64", { arguments: ["i32", "u32", "pointer", "pointer"], return: "i32" });

/**
 * The soft limit of open files that process `pid` has; undefined where there is none, or no such process.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_limits.5.html
 */
export function openFilesLimit(pid: number): number | undefined {
  try {
    const soft = /^Max open files +(\d+) /mu.exec(readFileSync(`/proc/${pid}/limits`, "utf8"))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/**
 * Runs `start`, which starts a process, with a soft limit of open files, and sets the limit back. Node raises its own to
 * the hard one, a million on many nodes, and children inherit it: programs that close all files that could be open take
 * seconds then, and `select()` knows 1024. A process that has more open has the least limit with which it can go on.
 *
 * @throws {LinuxError}
 */
export function withOpenFilesLimit<T>(soft: number, start: () => T): T {
  const own = Buffer.alloc(LIMIT_BYTES);
  checkResult(prlimit()(0, RLIMIT_NOFILE, null, own), () => "read the limit of open files");
  const lowered = Buffer.from(own);
  const needed = BigInt(Math.max(soft, highestOpen() + SPARE));
  const hard = own.readBigUInt64LE(HARD_AT);
  lowered.writeBigUInt64LE(needed < hard ? needed : hard);
  setLimit(lowered);
  try {
    return start();
  } finally {
    setLimit(own);
  }
}

function setLimit(limit: Buffer): void {
  checkResult(prlimit()(0, RLIMIT_NOFILE, limit, null), () => "set the limit of open files");
}

function highestOpen(): number {
  return Math.max(...readdirSync("/proc/self/fd").map(Number));
}
