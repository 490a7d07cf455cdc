import { statSync } from "node:fs";
import { parseMounts } from "../../linux/mount-points.ts";
import type { FolderOption } from "../host/filesystem/preopen.ts";

/** What kubelet and container runtimes put into every container, and what is the host's side of a Spin application. */
const NOT_FOR_GUESTS = [
  "/etc/hosts",
  "/etc/hostname",
  "/etc/resolv.conf",
  "/etc/ssl/certs/ca-certificates.crt",
  "/dev",
  "/proc",
  "/sys",
  "/run/secrets/kubernetes.io/serviceaccount",
  "/var/run/secrets/kubernetes.io/serviceaccount",
  "/runtime-config.toml",
  "/.spin",
];

export interface PodVolumes {
  readonly folders: readonly FolderOption[];
  /** Single files, which guests cannot be given: WASI knows folders only. */
  readonly files: readonly string[];
}

/**
 * The volumes of a pod, as its guests are to see them: at the places where the pod mounts them, and writable unless
 * they are mounted to be read only.
 *
 * @param mountInfo - /proc/self/mountinfo
 * @param root - the folder that is the guest's `/`.
 */
export function podVolumes(mountInfo: string, root: string, isFolder = isFolderOnDisk): PodVolumes {
  const mounts = new Map(parseMounts(mountInfo).map((mount) => [mount.point, mount])); // Of two at one place the last.
  const folders: FolderOption[] = [];
  const files: string[] = [];
  for (const { point, isReadOnly } of mounts.values()) {
    if (!point.startsWith(`${root}/`)) continue;
    const guestPath = point.slice(root.length);
    if (NOT_FOR_GUESTS.some((path) => guestPath === path || guestPath.startsWith(`${path}/`))) continue;
    if (isFolder(point)) folders.push({ hostPath: point, guestPath, access: isReadOnly ? "read" : "read-write" });
    else files.push(guestPath);
  }
  return { folders, files };
}

function isFolderOnDisk(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
