import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "@rcm/lib/backoff";
import { messageOf } from "@rcm/lib/errors";
import { StoreError } from "../../host/errors.ts";

/** @see {@link https://www.sqlite.org/rescode.html} */
const BUSY = 5;
const FULL = 13;

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
      if (sqliteCode(error) !== BUSY || performance.now() > endMs) throw storeError(what, error);
    }
    await sleep(backoffMs(BACKOFF, attempt, Math.random()), undefined, { signal });
  }
}

function storeError(what: string, error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  return new StoreError(code === FULL ? "FULL" : "FAILED", `Cannot ${what}: ${messageOf(error)}`, { cause: error });
}

/** SQLite's code of an error of `node:sqlite`, with its details. */
function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode : undefined;
}
