import { rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { InstallError } from "../errors.ts";
import { makeFolder, readState, removeFile, removeUnfinished, writeAtomic } from "../host/atomic-file.ts";
import { setShimLink } from "../host/store.ts";
import type { Store } from "../host/store.ts";
import type { FileChange, Journal } from "./journal.ts";
import { sha256 } from "./journal.ts";

/** A file of the wanted state; `content` undefined: the file goes. */
export interface WantedFile {
  readonly path: string;
  /** What the file had in it when this was made of it; undefined: there was none. */
  readonly madeFrom: string | undefined;
  readonly content: string | undefined;
}

/** New files belong to root and can be read by all, like the rest of containerd's configuration. */
const NEW_FILE = { mode: 0o644, uid: 0, gid: 0 } as const;

/** Brings the files to the wanted state. Safe to stop anywhere: the journal says how each was before. */
export async function applyFiles(journal: Journal, wanted: readonly WantedFile[]): Promise<void> {
  for (const { path, content } of wanted) {
    const before = journal.files.find((change) => change.path === path)?.before;
    if (content === undefined) {
      await removeFile(path);
    } else {
      await makeFolder(dirname(path));
      await writeAtomic(path, Buffer.from(content), before ?? NEW_FILE);
    }
  }
}

/**
 * Puts every file back as it was. A file that is neither as it was nor as we made it has been changed by somebody else
 * meanwhile, and is left alone.
 *
 * @returns paths that were left alone.
 */
export async function revertFiles(journal: Journal): Promise<readonly string[]> {
  const foreign: string[] = [];
  for (const change of journal.files.toReversed()) {
    await removeUnfinished(change.path);
    if (!(await revertFile(change))) foreign.push(change.path);
  }
  for (const folder of journal.folders.toReversed()) await rmdir(folder).catch(() => undefined);
  return foreign;
}

async function revertFile({ path, before, after }: FileChange): Promise<boolean> {
  const present = await readState(path);
  const digest = present === undefined ? undefined : sha256(present.bytes);
  if (digest === before?.sha256) return true;
  if (digest !== after) return false;
  if (before === undefined) {
    await removeFile(path);
    return true;
  }
  const saved = await readState(before.backup);
  if (saved === undefined || sha256(saved.bytes) !== before.sha256) {
    throw new InstallError("RecordCorrupt", `Cannot restore "${path}": its copy "${before.backup}" is gone or damaged`);
  }
  await writeAtomic(path, saved.bytes, before);
  return true;
}

export async function revertLink(store: Store, { shim, link }: Journal): Promise<void> {
  if (link.before !== link.after) await setShimLink(store, shim, link.before);
}
