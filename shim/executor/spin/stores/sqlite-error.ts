import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "@rcm/lib/backoff";
import { messageOf } from "@rcm/lib/errors";
import { StoreError } from "../../host/errors.ts";

/** @see {@link https://www.sqlite.org/rescode.html} */
const BUSY = 5;
/** A transaction that has read what was changed since: only the guest can begin it again. */
const BUSY_SNAPSHOT = 517;
const READONLY = 8;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
/** The index of the write-ahead log cannot grow: that is so on a full disk. */
const IOERR_SHMSIZE = 4874;
/** The code without its details. */
const PRIMARY = 0xff;

const UNWRITABLE = "the user of the pod must be able to write to its file and to the folder of that";
const DAMAGED = "put back a copy of its file, or take the file away";
const REMEDIES: ReadonlyMap<number, string> = new Map([
  [READONLY, UNWRITABLE],
  [CANTOPEN, UNWRITABLE],
  [CORRUPT, DAMAGED],
  [NOTADB, DAMAGED],
  [FULL, "make room where its file is"],
]);

/** How long to ask again while somebody else writes to the file. */
const BUSY_MS = 5_000;
const BACKOFF = { baseMs: 2, maxMs: 100 };

/**
 * Does `work` again while the file is locked by another connection or process. SQLite itself would wait with the whole
 * thread, in which the one that holds the lock may have to go on.
 *
 * @throws {StoreError} `FULL`, `FAILED`; and those of `work`.
 */
export async function whileBusy<Value>(
  what: string,
  work: () => Value | Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  const endMs = performance.now() + BUSY_MS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > endMs) throw storeError(what, error);
    }
    await sleep(backoffMs(BACKOFF, attempt, Math.random()), undefined, { signal });
  }
}

/** What the guest is told of an error of SQLite, or of making the folder of its file. Others stay as they are. */
export function storeError(what: string, error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return isOfFolder(error) ? folderError(what, error) : error;
  const kind = code === IOERR_SHMSIZE ? FULL : code & PRIMARY;
  const remedy = REMEDIES.get(kind);
  const message = `Cannot ${what}: ${messageOf(error)}${remedy === undefined ? "" : `: ${remedy}`}`;
  return new StoreError(kind === FULL ? "FULL" : "FAILED", message, { cause: error });
}

/** Without the path, which means nothing in the pod. The cause is left out, for its message would be shown. */
function folderError(what: string, { code }: NodeJS.ErrnoException): StoreError {
  return new StoreError("FAILED", `Cannot ${what}: its folder cannot be made (${code}): ${UNWRITABLE}`);
}

function isOfFolder(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && error.syscall === "mkdir";
}

function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code !== undefined && (code & PRIMARY) === BUSY && code !== BUSY_SNAPSHOT;
}

/** SQLite's code of an error of `node:sqlite`, with its details. */
function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode : undefined;
}
