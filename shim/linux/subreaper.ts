import { checkResult, libcFunction } from "./libc.ts";

/** @see https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html */
const PR_SET_CHILD_SUBREAPER = 36;

const prctl = libcFunction("prctl", { arguments: ["i32", "u64", "u64", "u64", "u64"], return: "i32" });

/**
 * From now on orphans among the descendants of this process become its children, and not those of process 1.
 *
 * @throws {LinuxError}
 */
export function becomeSubreaper(): void {
  checkResult(prctl()(PR_SET_CHILD_SUBREAPER, 1n, 0n, 0n, 0n), () => "become a child subreaper");
}
