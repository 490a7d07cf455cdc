import { lstat, mkdir, readdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { ClusterError } from "./cluster-error.ts";
import { exists } from "./go-program.ts";

/** @see {@link https://man7.org/linux/man-pages/man2/statfs.2.html} */
const OVERLAYFS_MAGIC = 0x79_4c_76_30;

/** A file that says that a folder is a cluster's and may be removed. */
const OWNED = ".rcm-cluster";

/**
 * Checks what no package can mend.
 *
 * @throws {ClusterError} `MACHINE_UNFIT`, with the remedy.
 */
export async function assertFit(dir: string): Promise<void> {
  if (!(await lstat("/bin")).isSymbolicLink()) {
    throw unfit("/bin is a folder of its own; nodes need a merged /usr (package usrmerge)");
  }
  if (!(await exists("/dev/kmsg"))) throw unfit("/dev/kmsg is missing; kubelet reads it");
  await mkdir(dir, { recursive: true });
  if ((await statfs(dir)).type === OVERLAYFS_MAGIC) {
    throw unfit(`"${dir}" is on an overlay, which holds no nodes' disks; set RCM_CLUSTER_DIR to a folder on a disk`);
  }
}

function unfit(why: string): ClusterError {
  return new ClusterError("MACHINE_UNFIT", `Cannot run nodes on this machine: ${why}`);
}

/**
 * Whether a cluster's folder may be removed with all that is in it: made by us, empty, or not there.
 *
 * @throws {ClusterError} `USAGE` if it holds somebody's files.
 */
export async function assertOurs(dir: string): Promise<void> {
  const names = await readdir(dir).catch((): string[] => []);
  if (names.length === 0 || names.includes(OWNED)) return;
  throw new ClusterError("USAGE", `Cannot use "${dir}" for a cluster: it holds other files; set RCM_CLUSTER_DIR`);
}

export function ownedMark(dir: string): string {
  return join(dir, OWNED);
}
