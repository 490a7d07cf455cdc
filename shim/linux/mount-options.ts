/** What mount(2) gets for a list of mount options. */
export interface MountFlags {
  /** MS_* of the mount itself. */
  readonly flags: number;
  /** Those of `flags` that a bind mount takes only by a second call, MS_REMOUNT. */
  readonly bindFlags: number;
  /** MS_SHARED, MS_PRIVATE, MS_SLAVE or MS_UNBINDABLE, with MS_REC: a call of its own; or 0. */
  readonly propagation: number;
  /** The options that are the file system's own. */
  readonly data: readonly string[];
}

/** @see https://man7.org/linux/man-pages/man2/mount.2.html */
const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_NOEXEC = 8;
const MS_SYNCHRONOUS = 16;
export const MS_REMOUNT = 32;
const MS_MANDLOCK = 64;
const MS_DIRSYNC = 128;
const MS_NOSYMFOLLOW = 256;
const MS_NOATIME = 1024;
const MS_NODIRATIME = 2048;
export const MS_BIND = 4096;
export const MS_REC = 16_384;
const MS_SILENT = 32_768;
const MS_UNBINDABLE = 1 << 17;
const MS_PRIVATE = 1 << 18;
const MS_SLAVE = 1 << 19;
const MS_SHARED = 1 << 20;
const MS_RELATIME = 1 << 21;
const MS_I_VERSION = 1 << 23;
const MS_STRICTATIME = 1 << 24;
const MS_LAZYTIME = 1 << 25;

const PER_MOUNT =
  MS_RDONLY |
  MS_NOSUID |
  MS_NODEV |
  MS_NOEXEC |
  MS_NOSYMFOLLOW |
  MS_NOATIME |
  MS_NODIRATIME |
  MS_RELATIME |
  MS_STRICTATIME;

const SET: ReadonlyMap<string, number> = new Map([
  ["async", 0],
  ["defaults", 0],
  ["bind", MS_BIND],
  ["rbind", MS_BIND | MS_REC],
  ["ro", MS_RDONLY],
  ["nosuid", MS_NOSUID],
  ["nodev", MS_NODEV],
  ["noexec", MS_NOEXEC],
  ["sync", MS_SYNCHRONOUS],
  ["remount", MS_REMOUNT],
  ["mand", MS_MANDLOCK],
  ["dirsync", MS_DIRSYNC],
  ["nosymfollow", MS_NOSYMFOLLOW],
  ["noatime", MS_NOATIME],
  ["nodiratime", MS_NODIRATIME],
  ["silent", MS_SILENT],
  ["relatime", MS_RELATIME],
  ["iversion", MS_I_VERSION],
  ["strictatime", MS_STRICTATIME],
  ["lazytime", MS_LAZYTIME],
]);

const CLEAR: ReadonlyMap<string, number> = new Map([
  ["rw", MS_RDONLY],
  ["suid", MS_NOSUID],
  ["dev", MS_NODEV],
  ["exec", MS_NOEXEC],
  ["nomand", MS_MANDLOCK],
  ["symfollow", MS_NOSYMFOLLOW],
  ["atime", MS_NOATIME],
  ["diratime", MS_NODIRATIME],
  ["loud", MS_SILENT],
  ["norelatime", MS_RELATIME],
  ["noiversion", MS_I_VERSION],
  ["nostrictatime", MS_STRICTATIME],
  ["nolazytime", MS_LAZYTIME],
]);

const PROPAGATION: ReadonlyMap<string, number> = new Map([
  ["shared", MS_SHARED],
  ["rshared", MS_SHARED | MS_REC],
  ["private", MS_PRIVATE],
  ["rprivate", MS_PRIVATE | MS_REC],
  ["slave", MS_SLAVE],
  ["rslave", MS_SLAVE | MS_REC],
  ["unbindable", MS_UNBINDABLE],
  ["runbindable", MS_UNBINDABLE | MS_REC],
]);

/** Sorts mount options as containerd and /etc/fstab write them; of options that contradict each other the last wins. */
export function parseMountOptions(options: readonly string[]): MountFlags {
  let flags = 0;
  let propagation = 0;
  const data: string[] = [];
  for (const option of options) {
    const isKnown = SET.has(option) || CLEAR.has(option);
    flags = (flags | (SET.get(option) ?? 0)) & ~(CLEAR.get(option) ?? 0);
    propagation = PROPAGATION.get(option) ?? propagation;
    if (!isKnown && !PROPAGATION.has(option) && option !== "") data.push(option);
  }
  const bindFlags = (flags & MS_BIND) === 0 ? 0 : flags & PER_MOUNT;
  return { flags, bindFlags, propagation, data };
}
