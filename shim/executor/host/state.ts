import { performance } from "node:perf_hooks";
import { HostError } from "./errors.ts";
import type { HostServices } from "./services.ts";
import type { Waitable } from "./waitable.ts";

/** Longer ones overflow Node's timers; the wait asks again. */
const MAX_TIMER_MS = 0x7fff_ffff;

/** How long a guest may take. */
export interface TimeLimits {
  /** On the clock of `performance.now()`; after it the guest is ended. */
  readonly deadlineMs: number;
  /** Time in which it computes; waiting does not count. */
  readonly computeMs: number;
}

/** What the host keeps for one guest: one HTTP request, or one run of a command. */
export class HostState {
  readonly services: HostServices;
  readonly #limits: TimeLimits;
  /** Host objects open now that cost memory or file descriptors. */
  #open = 0;
  #computedMs = 0;
  #sliceStartMs: number | undefined = undefined;
  #lastLookMs: number | undefined = undefined;
  #endReason: Error | undefined = undefined;
  #rejectWait: ((reason: Error) => void) | undefined = undefined;
  readonly #held: (() => void)[] = [];
  #cleanups: Set<() => void> | undefined = undefined;

  constructor(services: HostServices, limits: TimeLimits) {
    this.services = services;
    this.#limits = limits;
  }

  /** Ends the guest: if it waits, at once; if it computes, at its next check. */
  end(reason: Error): void {
    this.#endReason ??= reason;
    this.#rejectWait?.(this.#endReason);
  }

  /** @throws {Error} the reason, if the guest was ended or its time is up. */
  checkEnd(): void {
    if (this.#endReason !== undefined) throw this.#endReason;
    if (performance.now() > this.#limits.deadlineMs) throw timeIsUp("the time of one request is over");
  }

  /**
   * The guest still computes at `now`, on the clock of `performance.now()`.
   *
   * @throws {Error} as {@link checkEnd}, and when the guest has computed for too long.
   */
  countComputed(now: number): void {
    this.#sliceStartMs ??= now;
    this.#computedMs += now - (this.#lastLookMs ?? now);
    this.#lastLookMs = now;
    this.checkEnd();
    if (this.#computedMs > this.#limits.computeMs) {
      throw timeIsUp(`it has computed for more than ${this.#limits.computeMs} ms`);
    }
  }

  /** For how long the guest has computed without a pause, as far as it was looked at. */
  sliceMs(now: number): number {
    return now - (this.#sliceStartMs ?? now);
  }

  /** The guest goes on after a pause. */
  resumed(): void {
    this.#sliceStartMs = undefined;
    this.#lastLookMs = undefined;
  }

  /** Has `send` called before the guest is suspended, so that what it wrote so far goes out. */
  holdUntilWait(send: () => void): void {
    this.#held.push(send);
  }

  sendHeld(): void {
    for (const send of this.#held) send();
    this.#held.length = 0;
  }

  /** Suspends the guest until one of `waitables` is ready, its time is up, or it is ended. */
  async wait(waitables: readonly Waitable[]): Promise<void> {
    this.checkEnd();
    this.sendHeld();
    while (!waitables.some((waitable) => waitable.isReady())) {
      await this.#waitOnce(waitables);
    }
    this.resumed();
  }

  async #waitOnce(waitables: readonly Waitable[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    function wake(): void {
      resolve(undefined);
    }
    this.#rejectWait = reject;
    const cancels = waitables.map((waitable) => waitable.onReady(wake));
    const timer = setTimeout(wake, Math.min(this.#limits.deadlineMs - performance.now(), MAX_TIMER_MS));
    try {
      await promise;
      this.checkEnd();
    } finally {
      clearTimeout(timer);
      for (const cancel of cancels) cancel();
      this.#rejectWait = undefined;
    }
  }

  /**
   * Counts an object that the guest holds open.
   *
   * @throws {HostError} `LIMIT` if it has too many.
   */
  countOpen(): void {
    const { maxOpenObjects } = this.services;
    if (this.#open >= maxOpenObjects) {
      throw new HostError(
        "LIMIT",
        `Cannot open one more file, socket or request: the guest has ${maxOpenObjects} open`,
      );
    }
    this.#open += 1;
  }

  countClosed(): void {
    this.#open -= 1;
  }

  /** Runs `cleanup` when the guest has ended, unless it is taken back by then. */
  onDispose(cleanup: () => void): () => void {
    this.#cleanups ??= new Set();
    const cleanups = this.#cleanups.add(cleanup);
    return () => {
      cleanups.delete(cleanup);
    };
  }

  /** Closes what the guest left open outside of its handles. */
  dispose(): void {
    if (this.#cleanups === undefined) return;
    for (const cleanup of this.#cleanups) cleanup();
    this.#cleanups.clear();
  }
}

function timeIsUp(what: string): HostError {
  return new HostError("TIME_LIMIT", `Cannot go on with the guest: ${what}`);
}
