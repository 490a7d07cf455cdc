import { MAX_TIMER_MS } from "../max-timer.ts";
import type { Waitable } from "../waitable.ts";

const NS_PER_MS = 1_000_000n;
/** Ready from an instant of the monotonic clock on. */
export class TimerWait implements Waitable {
  readonly #whenNs: bigint;

  constructor(whenNs: bigint) {
    this.#whenNs = whenNs;
  }

  isReady(): boolean {
    return process.hrtime.bigint() >= this.#whenNs;
  }

  onReady(wake: () => void): () => void {
    const timer = setTimeout(wake, this.#delayMs());
    return () => {
      clearTimeout(timer);
    };
  }

  /** Rounded up: a timer that fires early would have to be set again. */
  #delayMs(): number {
    const leftNs = this.#whenNs - process.hrtime.bigint();
    if (leftNs <= 0n) return 0;
    const leftMs = (leftNs + NS_PER_MS - 1n) / NS_PER_MS;
    return leftMs > MAX_TIMER_MS ? MAX_TIMER_MS : Number(leftMs);
  }
}
