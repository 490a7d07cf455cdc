import { join } from "node:path";
import type { Level } from "@rcm/lib/install-job";
import { InstallError } from "./errors.ts";
import { readState, removeFile, writeAtomic } from "./host/atomic-file.ts";

/** What was done on this host, so that it can be undone: `<root>/record.json`. */
export interface HostRecord {
  readonly schema: 1;
  readonly shims: Readonly<Record<string, ShimRecord>>;
  /** Folders that we made for containerd's configuration, to be taken away with the last shim. */
  readonly foldersMade: readonly string[];
}

export interface ShimRecord {
  readonly uid: string;
  readonly handler: string;
  readonly hash: string;
  /** sha256 of the executable. */
  readonly digest: string;
  /** What it was taken from: the archive's sha256 where that was given, or else its address. */
  readonly source: string | undefined;
  readonly options: Readonly<Record<string, string>>;
  readonly level: Level;
  /** The boot in which that was so. */
  readonly bootId?: string;
  readonly installedAt: string;
}

export const EMPTY_RECORD: HostRecord = { schema: 1, shims: {}, foldersMade: [] };

const OWNER = { mode: 0o644, uid: 0, gid: 0 } as const;

export function recordPath(root: string): string {
  return join(root, "record.json");
}

/**
 * The host's record; empty where there is none, and where it is damaged: what is on the host can be found out again.
 * Writes nothing, since whoever only looks may not.
 */
export async function readRecord(root: string): Promise<HostRecord> {
  const state = await readState(recordPath(root));
  if (state === undefined) return EMPTY_RECORD;
  try {
    return parseRecord(state.bytes.toString("utf8"));
  } catch (error) {
    if (isDamage(error)) return EMPTY_RECORD;
    throw error;
  }
}

/** Keeps a damaged record as `record.json.corrupt` before another takes its place. */
async function setDamagedAside(root: string): Promise<void> {
  const state = await readState(recordPath(root));
  if (state === undefined) return;
  try {
    parseRecord(state.bytes.toString("utf8"));
  } catch (error) {
    if (!isDamage(error)) throw error;
    await writeAtomic(`${recordPath(root)}.corrupt`, state.bytes, OWNER);
    await removeFile(recordPath(root));
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof InstallError && error.code === "RecordCorrupt";
}

/** @throws {InstallError} `RecordCorrupt`; `ConfigUnsupported` for a record that a newer installer wrote. */
export function parseRecord(text: string): HostRecord {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || !("schema" in value)) throw corrupt("it has no schema", undefined);
  if (typeof value.schema === "number" && value.schema > 1) {
    throw new InstallError(
      "ConfigUnsupported",
      `Cannot read the record of this host: it has schema ${value.schema}, written by a newer installer: use that one`,
    );
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  const shims = fields.get("shims");
  const folders = fields.get("foldersMade");
  if (!isShims(shims)) throw corrupt("its shims are not what an installer writes", undefined);
  const names: readonly unknown[] = Array.isArray(folders) ? folders : [];
  return { schema: 1, shims, foldersMade: names.filter((name): name is string => typeof name === "string") };
}

const TEXTS = ["handler", "hash", "digest", "level"] as const;

function isShims(value: unknown): value is HostRecord["shims"] {
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).every((entry: unknown) => {
    if (typeof entry !== "object" || entry === null) return false;
    const fields = new Map<string, unknown>(Object.entries(entry));
    return TEXTS.every((name) => typeof fields.get(name) === "string") && typeof fields.get("options") === "object";
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw corrupt("it is not JSON", error);
  }
}

function corrupt(what: string, cause: unknown): InstallError {
  return new InstallError("RecordCorrupt", `Cannot read the record of this host: ${what}`, { cause });
}

/**
 * Writes the record, and beside it `rcm-lock.json` as upstream's installer keeps it, for whoever reads that. With no
 * shim left both go. What cannot be read is kept as `record.json.corrupt`.
 */
export async function writeRecord(root: string, record: HostRecord): Promise<void> {
  const lock = join(root, "rcm-lock.json");
  await setDamagedAside(root);
  if (Object.keys(record.shims).length === 0 && record.foldersMade.length === 0) {
    await removeFile(recordPath(root));
    await removeFile(lock);
    return;
  }
  await writeAtomic(recordPath(root), Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`), OWNER);
  const shims = Object.entries(record.shims).map(([name, { digest }]) => {
    const entry = { sha256: digest, path: join(root, "bin", `containerd-shim-${name}`) };
    return [name, entry] as const;
  });
  await writeAtomic(lock, Buffer.from(JSON.stringify({ shims: Object.fromEntries(shims) })), OWNER);
}
