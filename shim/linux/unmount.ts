import { readFileSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { hasCode } from "@rcm/lib/errors";
import { checkResult, lastErrno, libcFunction } from "./libc.ts";
import { mountPointsBelow } from "./mount-points.ts";

/** @see https://man7.org/linux/man-pages/man2/umount2.2.html */
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

const umount2 = libcFunction("umount2", { arguments: ["string", "i32"], return: "i32" });

/**
 * Unmounts all that is mounted at or below `path`, the last first, also when it is in use (its users keep it until they
 * end). Does nothing when there is nothing to unmount.
 *
 * @throws {LinuxError}
 */
export function unmountRecursive(path: string): void {
  const real = realPathIfThere(path);
  if (real === undefined) return;
  for (const point of mountPointsBelow(readFileSync("/proc/self/mountinfo", "utf8"), real).toReversed()) {
    unmountOnce(point);
  }
}

function unmountOnce(point: string): void {
  if (umount2()(point, MNT_DETACH | UMOUNT_NOFOLLOW) === 0) return;
  const { EINVAL, ENOENT } = constants.errno; // No mount, or no such path: whoever unmounted it was faster.
  const errno = lastErrno();
  if (errno !== EINVAL && errno !== ENOENT) checkResult(-1, () => `unmount "${point}"`);
}

function realPathIfThere(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
