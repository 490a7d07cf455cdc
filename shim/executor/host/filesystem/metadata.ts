import type { BigIntStats } from "node:fs";
import { nodeCrypto } from "@rcm/lib/late-modules";
import { FilesystemError } from "./error-code.ts";
import type { FileTime } from "./set-file-times.ts";

/** `wasi:filesystem/types.descriptor-type` */
export type DescriptorType =
  | "unknown"
  | "block-device"
  | "character-device"
  | "directory"
  | "fifo"
  | "symbolic-link"
  | "regular-file"
  | "socket";

interface DateTime {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

/** `wasi:filesystem/types.descriptor-stat` */
export interface DescriptorStat {
  readonly type: DescriptorType;
  readonly linkCount: bigint;
  readonly size: bigint;
  readonly dataAccessTimestamp: DateTime;
  readonly dataModificationTimestamp: DateTime;
  readonly statusChangeTimestamp: DateTime;
}

/** `wasi:filesystem/types.new-timestamp` */
export type NewTimestamp =
  | { readonly tag: "no-change" }
  | { readonly tag: "now" }
  | { readonly tag: "timestamp"; readonly val: DateTime };

const NS_PER_S = 1_000_000_000n;
/** The kernel's are signed. */
const MAX_SECONDS = (1n << 63n) - 1n;

/** What `Stats` and `Dirent` have in common. */
interface Kind {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isBlockDevice(): boolean;
  isCharacterDevice(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}

export function descriptorTypeOf(kind: Kind): DescriptorType {
  if (kind.isFile()) return "regular-file";
  if (kind.isDirectory()) return "directory";
  if (kind.isSymbolicLink()) return "symbolic-link";
  return specialTypeOf(kind);
}

function specialTypeOf(kind: Kind): DescriptorType {
  if (kind.isBlockDevice()) return "block-device";
  if (kind.isCharacterDevice()) return "character-device";
  if (kind.isFIFO()) return "fifo";
  return kind.isSocket() ? "socket" : "unknown";
}

export function descriptorStatOf(stats: BigIntStats): DescriptorStat {
  return {
    type: descriptorTypeOf(stats),
    linkCount: stats.nlink,
    size: stats.size,
    dataAccessTimestamp: dateTimeOf(stats.atimeNs),
    dataModificationTimestamp: dateTimeOf(stats.mtimeNs),
    statusChangeTimestamp: dateTimeOf(stats.ctimeNs),
  };
}

/** Times before 1970 have no place in the guest's type. */
function dateTimeOf(ns: bigint): DateTime {
  return ns < 0n ? { seconds: 0n, nanoseconds: 0 } : { seconds: ns / NS_PER_S, nanoseconds: Number(ns % NS_PER_S) };
}

/** The same for the same object as long as it is; says nothing about where it is. */
export function metadataHashOf({ dev, ino }: BigIntStats): { readonly lower: bigint; readonly upper: bigint } {
  const digest = nodeCrypto().createHash("sha256").update(`${dev}:${ino}`).digest();
  return { lower: digest.readBigUInt64LE(0), upper: digest.readBigUInt64LE(8) };
}

/** @throws {FilesystemError} `invalid` or `overflow` for a time that the kernel cannot take. */
export function fileTimeOf(time: NewTimestamp): FileTime {
  if (time.tag === "now") return "now";
  if (time.tag === "no-change") return "keep";
  if (time.val.nanoseconds >= NS_PER_S) throw new FilesystemError("invalid");
  if (time.val.seconds > MAX_SECONDS) throw new FilesystemError("overflow");
  return time.val;
}
