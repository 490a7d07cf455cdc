import { constants } from "node:fs";
import { access, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode } from "@rcm/lib/errors";
import type { Context } from "./context.ts";
import { fileError, InstallError } from "./errors.ts";
import { exists, readState } from "./host/atomic-file.ts";
import { followBelow, isBelow } from "./host/follow-links.ts";
import type { WantedFile } from "./transaction/change-files.ts";

/** A part of containerd's configuration that lies where a pod has nothing of the host. */
export interface Unseen {
  readonly path: string;
  /** Where its links lead. */
  readonly target: string;
  /** All that the pod has. */
  readonly folder: string;
}

/** The first path that leads out of what a pod has of the host; undefined: all can be seen. */
export async function findUnseen(
  { onlyFolder: folder }: Pick<Context, "onlyFolder">,
  paths: readonly string[],
): Promise<Unseen | undefined> {
  if (folder === undefined) return undefined;
  for (const path of paths) {
    const target = await followBelow(folder, path);
    if (!isBelow(folder, target)) return { path, target, folder };
  }
  return undefined;
}

/** @throws {InstallError} `ConfigUnsupported`: what a pod cannot see must not be taken for missing. */
export function refuseUnseen(unseen: Unseen | undefined): void {
  if (unseen === undefined) return;
  const { path, target, folder } = unseen;
  const leads = target === path ? "" : `, which leads to "${target}"`;
  throw new InstallError(
    "ConfigUnsupported",
    `Cannot edit containerd's configuration "${path}"${leads}: a Job has only "${folder}" of this host: run node-installer by hand on the host, or move the configuration to that folder`,
  );
}

/**
 * Refuses files in folders that nobody but their owner may write to: root has no capability in a pod. A look from a
 * read-only mount is told so only where the rights suffice.
 *
 * @throws {InstallError} `ConfigUnsupported`.
 */
export async function refuseFolders(files: readonly WantedFile[]): Promise<void> {
  for (const { path } of files) {
    const folder = await folderFor(path);
    try {
      await access(folder, constants.W_OK);
    } catch (error) {
      if (!hasCode(error, "EROFS")) throw fileError("write to the folder", folder, error);
    }
  }
}

/** Where the file lies that is written, or the folder in which its folder is made. */
async function folderFor(path: string): Promise<string> {
  const target = await realpath(path).catch(() => path);
  let folder = dirname(target);
  while (!(await exists(folder))) folder = dirname(folder);
  return folder;
}

/**
 * Refuses files that a pod's root could not replace by ones with the same owner, since it has no capability.
 *
 * @throws {InstallError} `ConfigUnsupported`.
 */
export async function refuseOwners(
  { onlyFolder }: Pick<Context, "onlyFolder">,
  files: readonly WantedFile[],
): Promise<void> {
  if (onlyFolder === undefined) return;
  for (const { path, content } of files) {
    const state = content === undefined ? undefined : await readState(path);
    if (state === undefined || (state.uid === 0 && state.gid === 0)) continue;
    throw new InstallError(
      "ConfigUnsupported",
      `Cannot edit "${path}": it belongs to ${state.uid}:${state.gid}, and a Job can write files of root only: run "chown root:root ${path}" on the host, or node-installer by hand`,
    );
  }
}
