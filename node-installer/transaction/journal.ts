import { createHash, randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { InstallError, fileError } from "../errors.ts";
import { makeFolder, readState, removeUnfinished, writeAtomic } from "../host/atomic-file.ts";
import type { FileState } from "../host/atomic-file.ts";

/** A file that a transaction replaces, makes (`before` undefined) or removes (`after` undefined). */
export interface FileChange {
  readonly path: string;
  readonly before: SavedFile | undefined;
  /** sha256 of the new content. */
  readonly after: string | undefined;
}

/** The old content, kept beside the journal until the transaction is over. */
export interface SavedFile {
  readonly backup: string;
  readonly sha256: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * What a transaction is about to do and how to take it back, written before anything is changed.
 *
 * - `prepared`: nothing but the store has been touched, or a part of the files.
 * - `restarting`: containerd may have been restarted with the new configuration.
 * - `verified`: the new state is healthy; what is left is to write the record.
 */
export interface Journal {
  readonly schema: 1;
  readonly id: string;
  readonly shim: string;
  readonly handler: string;
  readonly operation: "install" | "uninstall" | "rollback";
  readonly phase: "prepared" | "restarting" | "verified";
  readonly bootId: string;
  readonly files: readonly FileChange[];
  /** Folders made for new files, topmost first; taken away again when the transaction is taken back. */
  readonly folders: readonly string[];
  readonly link: { readonly before: string | undefined; readonly after: string | undefined };
}

const OWNER = { mode: 0o600, uid: 0, gid: 0 } as const;

export function journalPath(root: string): string {
  return join(root, "journal.json");
}

/** Folder for the old content of files, the dead man's script and candidates; the host sees it under the same path. */
export function scratchFolder(root: string): string {
  return join(root, "transaction");
}

export function newId(): string {
  return randomBytes(6).toString("hex");
}

export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** @throws {InstallError} `RecordCorrupt`: then a person must look, because what was begun is not known. */
export async function readJournal(root: string): Promise<Journal | undefined> {
  const state = await readState(journalPath(root));
  if (state === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(state.bytes.toString("utf8"));
    if (isJournal(value)) return value;
  } catch (error) {
    throw unreadable(root, error);
  }
  throw unreadable(root, undefined);
}

const TEXTS = ["id", "shim", "handler", "operation", "phase", "bootId"] as const;

function isJournal(value: unknown): value is Journal {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return (
    fields.get("schema") === 1 &&
    TEXTS.every((name) => typeof fields.get(name) === "string") &&
    Array.isArray(fields.get("files")) &&
    Array.isArray(fields.get("folders")) &&
    typeof fields.get("link") === "object"
  );
}

function unreadable(root: string, cause: unknown): InstallError {
  return new InstallError(
    "RecordCorrupt",
    `Cannot read the journal "${journalPath(root)}": it is not one that this installer wrote: compare containerd's configuration with the copies in "${scratchFolder(root)}", then remove it`,
    { cause },
  );
}

export async function writeJournal(root: string, journal: Journal): Promise<void> {
  await makeFolder(root);
  await writeAtomic(journalPath(root), Buffer.from(JSON.stringify(journal)), OWNER);
}

/** Ends the transaction: the journal first, because without it the rest is litter. */
export async function removeJournal(root: string): Promise<void> {
  try {
    await rm(journalPath(root), { force: true });
    await removeUnfinished(journalPath(root));
    await rm(scratchFolder(root), { recursive: true, force: true });
  } catch (error) {
    throw fileError("remove", journalPath(root), error);
  }
}

/** Keeps a copy of a file as it is, so that it can be put back. */
export async function saveFile(root: string, path: string, index: number): Promise<SavedFile | undefined> {
  const state = await readState(path);
  if (state === undefined) return undefined;
  const backup = join(scratchFolder(root), `before-${index}`);
  await makeFolder(scratchFolder(root));
  await writeAtomic(backup, state.bytes, OWNER);
  return { backup, sha256: sha256(state.bytes), ...ownerOf(state) };
}

function ownerOf({ mode, uid, gid }: FileState): Omit<FileState, "bytes"> {
  return { mode, uid, gid };
}
