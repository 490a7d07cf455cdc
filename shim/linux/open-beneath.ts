import { checkResult, libcFunction } from "./libc.ts";

/** @see https://man7.org/linux/man-pages/man2/openat2.2.html */
const SYS_OPENAT2 = 437n; // The same on x86-64 and arm64.
const RESOLVE_BENEATH = 8n;
const O_CLOEXEC = 0o2_000_000;

/** struct open_how */
const OPEN_HOW_BYTES = 24n;

const syscall = libcFunction("syscall", { arguments: ["i64", "i64", "pointer", "pointer", "u64"], return: "i64" });

/**
 * Opens `path` in the folder `dirFd`; the fd is closed on exec.
 *
 * @param flags O_* of node:fs constants.
 * @param mode of a file that is created; else 0.
 * @throws {LinuxError} `EXDEV` when `path`, or a symbolic link on it, leads out of the folder.
 */
export function openBeneath(dirFd: number, path: string, flags: number, mode = 0): number {
  const how = BigUint64Array.of(BigInt(flags | O_CLOEXEC), BigInt(mode), RESOLVE_BENEATH);
  const fd = syscall()(SYS_OPENAT2, BigInt(dirFd), cString(path), how, OPEN_HOW_BYTES);
  return Number(checkResult(fd, () => `open "${path}" beneath fd ${dirFd}`));
}

function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}
