import { setTimeout as sleep } from "node:timers/promises";

export interface RateLimit {
  /** Requests a second in the long run. */
  readonly qps: number;
  /** Requests at once after a quiet time. */
  readonly burst: number;
}

/**
 * Token bucket. Says how long a request that comes at `nowMs` has to wait, and takes its token: requests go in the order
 * in which they ask.
 */
export class TokenBucket {
  readonly #limit: RateLimit;
  /** When the next token is there; lies up to `burst` tokens in the past. */
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(limit: RateLimit) {
    this.#limit = limit;
  }

  take(nowMs: number): number {
    const everyMs = 1000 / this.#limit.qps;
    const full = nowMs - everyMs * (this.#limit.burst - 1);
    const atMs = Math.max(this.#nextMs, full);
    this.#nextMs = atMs + everyMs;
    return Math.max(0, atMs - nowMs);
  }

  /** Gives a token back that was not used. */
  giveBack(): void {
    this.#nextMs -= 1000 / this.#limit.qps;
  }
}

/** Waits for a turn; rejects with the reason of `signal` when that aborts first. */
export async function waitForTurn(bucket: TokenBucket, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const waitMs = bucket.take(performance.now());
  if (waitMs <= 0) return;
  try {
    await sleep(waitMs, undefined, { signal });
  } catch (error) {
    bucket.giveBack();
    signal.throwIfAborted();
    throw error;
  }
}
