import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { copyFile, open, readdir, rename, rm, rmdir, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileError } from "../errors.ts";
import {
  exists,
  isNotFound,
  isUnfinished,
  makeFolder,
  readLink,
  removeUnfinishedAt,
  syncFolder,
  UNFINISHED,
} from "./atomic-file.ts";

/**
 * Executables by digest, `<root>/store/<sha256>/<file name>`, beside which a shim may unpack what it needs, and one link for each shim, `<root>/bin/<file name>`,
 * which containerd's configuration names. An executable is never changed: a new version is a new folder and the link is
 * swapped, so a process that runs keeps its file, and containerd needs no restart.
 */
export interface Store {
  readonly root: string;
}

/** `<root>/bin/containerd-shim-<shim>`: the name that upstream uses too. */
export function linkPath({ root }: Store, shim: string): string {
  return join(root, "bin", fileName(shim));
}

export function fileName(shim: string): string {
  return `containerd-shim-${shim}`;
}

export function binaryPath(store: Store, digest: string, shim: string): string {
  return join(digestPath(store, digest), fileName(shim));
}

export function digestPath({ root }: Store, digest: string): string {
  return join(root, "store", digest);
}

/** Whether the executable is in the store, whole: its bytes are read and their digest compared. */
export async function hasBinary(store: Store, digest: string, shim: string): Promise<boolean> {
  const path = binaryPath(store, digest, shim);
  try {
    return (await fileDigest(path)) === digest;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw fileError("read", path, error);
  }
}

/** sha256 of a regular file, hex. A link is not followed: the file comes from another, less trusted, container. */
export async function fileDigest(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  const hash = createHash("sha256");
  await pipeline(createReadStream("", { fd: file }), hash);
  return hash.digest("hex");
}

/** Copies an executable into the store under its digest. Safe to stop anywhere and to do again. */
export async function putBinary(store: Store, from: string, digest: string, shim: string): Promise<void> {
  if (await hasBinary(store, digest, shim)) return;
  const target = binaryPath(store, digest, shim);
  const temporary = target + UNFINISHED;
  await makeFolder(dirname(target));
  try {
    try {
      await rm(temporary, { force: true });
      await copyFile(from, temporary, constants.COPYFILE_EXCL);
      await seal(temporary);
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      await rmdir(dirname(target)).catch(() => undefined);
      throw error;
    }
    await syncFolder(dirname(target));
    await syncFolder(join(store.root, "store"));
  } catch (error) {
    throw fileError("write", target, error);
  }
}

async function seal(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.chmod(0o755);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What the shim's link names, or undefined if there is no link. */
export async function readShimLink(store: Store, shim: string): Promise<string | undefined> {
  return readLink(linkPath(store, shim));
}

/** Whether something else is where the shim's link should be. */
export async function isForeignFile(store: Store, shim: string): Promise<boolean> {
  const path = linkPath(store, shim);
  return (await exists(path)) && (await readLink(path)) === undefined;
}

/** Digests that links of shims name: containerd starts these. */
export async function linkedDigests({ root }: Store): Promise<readonly string[]> {
  const folder = join(root, "bin");
  const names = (await namesIn(folder)).filter((name) => !isUnfinished(name));
  const targets = await Promise.all(names.map(async (name) => readLink(join(folder, name))));
  return targets.filter((target) => target !== undefined).map((target) => basename(dirname(target)));
}

/** Points the shim's link at `target` in one step, or takes it away; and what was begun of that and cut off. */
export async function setShimLink(store: Store, shim: string, target: string | undefined): Promise<void> {
  const path = linkPath(store, shim);
  if (target !== undefined) await makeFolder(dirname(path));
  try {
    await removeUnfinishedAt(path); // Of the link, not of the executable that it names.
    if (target === undefined) {
      await rm(path, { force: true });
    } else {
      const temporary = path + UNFINISHED;
      await symlink(target, temporary);
      await rename(temporary, path);
    }
    await syncFolder(dirname(path));
  } catch (error) {
    throw fileError("set the link", path, error);
  }
}

/** Digests of all that is in the store, each a folder: beside the executable lies what it unpacks when it runs. */
export async function storedDigests({ root }: Store): Promise<readonly string[]> {
  return (await namesIn(join(root, "store"))).filter((name) => /^[a-f0-9]{64}$/.test(name));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isNotFound(error)) return [];
    throw fileError("read the folder", folder, error);
  });
}

/** Takes away what killed installers left half-written, and then the folders that are empty, if possible the root too. */
export async function removeEmptyFolders({ root }: Store): Promise<void> {
  for (const path of [join(root, "store"), join(root, "bin"), root]) {
    const names = await readdir(path).catch(() => []);
    for (const name of names.filter(isUnfinished)) await rm(join(path, name), { force: true });
    await rmdir(path).catch(() => undefined);
  }
}
