import type { Thoroughness } from "../../linux/collect-garbage.ts";

/** What is done then costs some 30 ms of processor time. */
const QUIET_MS = 5000;
/** Who comes later does not mind that the program has forgotten which of its code is hot. */
const IDLE_MS = 30_000;

/** Tell when there has been nothing to do for a while, and again after more of it: memory is for those who work. */
export class QuietTimers {
  readonly #timers: readonly NodeJS.Timeout[];

  /** Nothing has been done yet. */
  constructor(onQuiet: (what: Thoroughness) => void) {
    this.#timers = [
      setTimeout(onQuiet, QUIET_MS, "garbage" satisfies Thoroughness).unref(),
      setTimeout(onQuiet, IDLE_MS, "all" satisfies Thoroughness).unref(),
    ];
  }

  /** The last work is done. */
  restart(): void {
    for (const timer of this.#timers) timer.refresh();
  }
}
