import { constants } from "node:fs";
import { lstat, mkdir, open, readFile, readlink, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hasCode } from "@rcm/lib/errors";
import { fileError } from "../errors.ts";

/** A file as it was: what is needed to put it back as it was. */
export interface FileState {
  readonly bytes: Buffer;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Ends the name of a file that is being written. Always the same for the same file, and only the holder of the host's
 * lock writes: so what a killed installer left is found by the next one.
 */
export const UNFINISHED = ".rcm-new";

/** The same for what the dead man's script writes, which holds no lock. */
export const UNFINISHED_BY_SCRIPT = ".rcm-dead-man";

export function isUnfinished(name: string): boolean {
  return name.endsWith(UNFINISHED) || name.endsWith(UNFINISHED_BY_SCRIPT);
}

/** No file of containerd's configuration is larger, in bytes. */
const READ_MAX_BYTES = 16 * 1024 * 1024;

/** The file's content and ownership, or undefined if there is none. A link is followed. */
export async function readState(path: string): Promise<FileState | undefined> {
  try {
    const { size, mode, uid, gid } = await stat(path);
    if (size > READ_MAX_BYTES) throw new RangeError(`it has ${size} bytes, more than ${READ_MAX_BYTES}`);
    return { bytes: await readFile(path), mode: mode & 0o7777, uid, gid };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw fileError("read", path, error);
  }
}

/**
 * Replaces a file's content in one step: whoever reads it sees all of the old or all of the new, also after a power
 * failure. A link stays a link, and the file that it names is replaced.
 */
export async function writeAtomic(path: string, content: Buffer, owner: Omit<FileState, "bytes">): Promise<void> {
  try {
    const target = await linkTarget(path);
    const temporary = target + UNFINISHED;
    try {
      await writeSynced(temporary, content, owner);
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(dirname(target));
  } catch (error) {
    throw fileError("write", path, error);
  }
}

/** Removes what a write that was killed or lost its power left beside the file, or beside what its link names. */
export async function removeUnfinished(path: string): Promise<void> {
  await removeUnfinishedAt(await linkTarget(path).catch(() => path)); // A link may name nothing.
}

/** The same of a link itself. */
export async function removeUnfinishedAt(path: string): Promise<void> {
  for (const end of [UNFINISHED, UNFINISHED_BY_SCRIPT]) await removeFile(path + end);
}

async function writeSynced(path: string, content: Buffer, { mode, uid, gid }: Omit<FileState, "bytes">): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(content);
    const { uid: ownUid, gid: ownGid } = await file.stat();
    if (uid !== ownUid || gid !== ownGid) await file.chown(uid, gid);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes a file; that it is gone already is fine. */
export async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
    await syncFolder(dirname(path));
  } catch (error) {
    throw fileError("remove", path, error);
  }
}

/**
 * Makes a folder and its parents. One after another: making several at once, Node says ENOENT for a read-only file system,
 * and never ends in a folder that is mounted here and was deleted where it is from.
 */
export async function makeFolder(path: string): Promise<void> {
  if (await exists(path)) return;
  if (dirname(path) !== path) await makeFolder(dirname(path));
  try {
    await mkdir(path, { mode: 0o755 });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw fileError("make the folder", path, error);
  }
}

/** Makes a rename or removal in this folder outlive a power failure. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function linkTarget(path: string): Promise<string> {
  const info = await lstat(path).catch(() => undefined);
  return info?.isSymbolicLink() === true ? realpath(path) : join(dirname(path), path.slice(dirname(path).length + 1));
}

export function isNotFound(error: unknown): boolean {
  return hasCode(error, "ENOENT", "ENOTDIR");
}

export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw fileError("look at", path, error);
  }
}

/** What a link names; undefined if there is nothing, or no link. */
export async function readLink(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (hasCode(error, "EINVAL")) return undefined; // No link.
    throw fileError("read the link", path, error);
  }
}
