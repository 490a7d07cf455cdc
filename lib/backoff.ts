export interface Backoff {
  /** Delay before the second attempt, in milliseconds, before jitter. */
  readonly baseMs: number;
  /** No delay is longer than this, in milliseconds. */
  readonly maxMs: number;
}

/**
 * Delay before attempt `attempt + 1`: doubles with each attempt up to the cap, then "equal jitter": between half of it
 * and all of it.
 *
 * @param attempt how often it has been tried, from 1.
 * @param random a number in [0, 1).
 */
export function backoffMs({ baseMs, maxMs }: Backoff, attempt: number, random: number): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full / 2 + (full / 2) * random);
}
