import { backoffMs } from "@rcm/lib/backoff";
import { FetchError, cannotFetch } from "./fetch-error.ts";
import type { FetchOrder } from "./request.ts";

const MAX_DELAY_MS = 30_000;

/** How far the attempts have come. */
export interface Progress {
  /** That have failed, from 1. */
  readonly attempts: number;
  /** Time until the deadline, in milliseconds. */
  readonly leftMs: number;
  /** A number in [0, 1). */
  readonly random: number;
}

/**
 * Milliseconds to wait before the next attempt: as the server asked, and not less than a backoff with jitter.
 *
 * @throws {FetchError} if there is no use in another attempt, none left, or no time for it.
 */
export function retryDelay(
  error: FetchError,
  { limits, shown }: Pick<FetchOrder, "limits" | "shown">,
  { attempts, leftMs, random }: Progress,
): number {
  if (error.retryAfterMs === undefined) throw error;
  const tried = `after ${String(attempts)} of ${String(limits.attempts)} attempts`;
  if (attempts >= limits.attempts) throw new FetchError(error.code, `${error.message}, ${tried}`, { cause: error });
  const backoff = backoffMs({ baseMs: limits.retryDelayMs, maxMs: MAX_DELAY_MS }, attempts, random);
  const delayMs = Math.max(backoff, error.retryAfterMs);
  if (delayMs < leftMs) return delayMs;
  const theCase = `${tried} the next one is due in ${String(Math.ceil(delayMs / 1000))} s, later than the deadline`;
  throw cannotFetch(error.code, shown, theCase, { cause: error });
}
