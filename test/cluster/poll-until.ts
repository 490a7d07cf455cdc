import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "@rcm/lib/errors";
import { ClusterError } from "./cluster-error.ts";

export interface Wait {
  /** What is waited for, as in "Cannot wait for <what>". */
  readonly what: string;
  readonly timeoutMs: number;
  /** Between two looks; 50 ms unless told. */
  readonly intervalMs?: number;
  /** The file or command that tells more. */
  readonly see: string;
}

/**
 * Calls `look` until it returns something else than `undefined`. An error that `look` throws counts as "not yet" and is
 * named if the time runs out.
 *
 * @throws {ClusterError} `DEADLINE_EXCEEDED`.
 */
export async function pollUntil<Value>(
  wait: Wait,
  look: (signal: AbortSignal) => Promise<Value | undefined>,
  signal: AbortSignal,
): Promise<Value> {
  const deadline = AbortSignal.timeout(wait.timeoutMs);
  const both = AbortSignal.any([deadline, signal]);
  let last: unknown;
  while (!both.aborted) {
    try {
      const value = await look(both);
      if (value !== undefined) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await delay(wait.intervalMs ?? 50, undefined, { signal: both }).catch(() => undefined);
  }
  signal.throwIfAborted();
  const why = last === undefined ? "" : ` (${messageOf(last)})`;
  const seconds = String(wait.timeoutMs / 1000);
  throw new ClusterError(
    "DEADLINE_EXCEEDED",
    `Cannot wait for ${wait.what}: not so after ${seconds} s${why}; see ${wait.see}`,
    { cause: last },
  );
}
