import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { ARTIFACT_DIR } from "@rcm/lib/install-job";
import type { Context } from "./context.ts";
import { InstallError } from "./errors.ts";

/** Fields of a line, from 0: https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html */
const ROOT = 3;
const MOUNT_POINT = 4;

/** The kubelet keeps a volume at `pods/UID/volumes/kubernetes.io~empty-dir/NAME`, whatever folder it works in. */
const EMPTY_DIR = /\/([^/]+)\/volumes\/kubernetes\.io~empty-dir\/[^/]+$/;

/** UID of the pod that this process runs in, from where the kernel says that the Job's own volume lies. */
export async function readPodUid(): Promise<string | undefined> {
  return podUidFrom(await readFile("/proc/self/mountinfo", "utf8"));
}

/** @returns undefined where the volume is no `emptyDir` of a pod, as by hand. */
export function podUidFrom(mountInfo: string): string | undefined {
  const mounts = mountInfo.split("\n").map((line) => line.split(" "));
  const volume = mounts.findLast((fields) => fields[MOUNT_POINT] === ARTIFACT_DIR); // The last one hides the others.
  return EMPTY_DIR.exec(volume?.[ROOT] ?? "")?.[1];
}

/**
 * Refuses a containerd that does not know the pod that asks: the kubelet of this node has started that pod through
 * another one, which is where a shim would have to be.
 *
 * @throws {InstallError} `WrongContainerd`.
 */
export async function refuseForeignContainerd({ links, podUid }: Context, signal: AbortSignal): Promise<void> {
  if (podUid === undefined) return;
  const { socket } = links.cri;
  const sandboxes = await links.cri.sandboxes(signal);
  if (sandboxes.some((sandbox) => sandbox.podUid === podUid)) return;
  throw new InstallError(
    "WrongContainerd",
    `The containerd at "${socket}" does not run this Job's own pod ${hostname()} (${podUid}): the node's kubelet uses another container runtime, such as the one of MicroK8s or k3s, and a shim would be of no use here: exclude the node by spec.nodeSelector, or start its kubelet with --container-runtime-endpoint=unix://${socket}`,
  );
}
