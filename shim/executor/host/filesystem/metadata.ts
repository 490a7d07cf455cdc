import type { BigIntStats } from "node:fs";
import { nodeCrypto } from "@rcm/lib/late-modules";

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

/** Access and modification time as Node's functions take them, in seconds. */
export function newTimesOf(
  stats: BigIntStats,
  times: { readonly access: NewTimestamp; readonly modification: NewTimestamp },
): { readonly access: number; readonly modification: number } {
  return {
    access: secondsOf(times.access, stats.atimeNs),
    modification: secondsOf(times.modification, stats.mtimeNs),
  };
}

function secondsOf(time: NewTimestamp, currentNs: bigint): number {
  if (time.tag === "now") return Date.now() / 1000;
  if (time.tag === "no-change") return Number(currentNs) / Number(NS_PER_S);
  return Number(time.val.seconds) + time.val.nanoseconds / Number(NS_PER_S);
}
