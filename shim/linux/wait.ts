import { constants } from "node:os";
import { checkResult, lastErrno, libcFunction } from "./libc.ts";

/** @see https://man7.org/linux/man-pages/man2/waitid.2.html */
const P_ALL = 0;
const P_PID = 1;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x0100_0000;

/** `si_code` of a process that ended by itself; with any other, `si_status` is a signal. */
const CLD_EXITED = 1;

/** siginfo_t as 32-bit words. */
const SIGINFO_WORDS = 32;
const SI_CODE = 2;
const SI_PID = 4;
const SI_STATUS = 6;

const waitid = libcFunction("waitid", { arguments: ["i32", "u32", "pointer", "i32"], return: "i32" });

/** A child that has ended and waits to be reaped. */
export interface Zombie {
  readonly pid: number;
  /** The exit code, or 128 + signal. */
  readonly status: number;
}

/** Any child that has ended, left as it is; the same one until somebody reaps it. */
export function peekZombie(): Zombie | undefined {
  return wait(P_ALL, 0, WEXITED | WNOHANG | WNOWAIT);
}

/** Reaps the child `pid`, unless it runs still or somebody else reaped it. */
export function reap(pid: number): void {
  wait(P_PID, pid, WEXITED | WNOHANG);
}

/** Whether `pid` is a child of this process, running or not yet reaped. */
export function isChild(pid: number): boolean {
  return waitid()(P_PID, pid, null, WEXITED | WNOHANG | WNOWAIT) === 0 || lastErrno() !== constants.errno.ECHILD;
}

function wait(kind: number, id: number, options: number): Zombie | undefined {
  const info = new Int32Array(SIGINFO_WORDS);
  if (waitid()(kind, id, info, options) !== 0) {
    const errno = lastErrno();
    if (errno === constants.errno.ECHILD) return undefined;
    checkResult(-1, () => `wait for process ${id}`);
  }
  const [code = 0, pid = 0, status = 0] = [info[SI_CODE], info[SI_PID], info[SI_STATUS]];
  if (pid === 0) return undefined;
  return { pid, status: code === CLD_EXITED ? status : 128 + status };
}
