import { HostError } from "./errors.ts";
import { MAX_TIMER_MS } from "./max-timer.ts";
import type { HostServices } from "./services.ts";
import { Settling, type Waitable } from "./waitable.ts";

type KeptType = new (state: HostState) => object;

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
  /** How many guests' requests led to this one: 0 for a request of a client. */
  readonly depth: number;
  readonly #limits: TimeLimits;
  /** Host objects open now that cost memory or file descriptors. */
  #open = 0;
  /** Bytes of fields and bodies that the host keeps. */
  #keptBytes = 0;
  #computedMs = 0;
  #sliceStartMs: number | undefined = undefined;
  #lastLookMs: number | undefined = undefined;
  #endReason: Error | undefined = undefined;
  #rejectWait: ((reason: Error) => void) | undefined = undefined;
  readonly #held: (() => void)[] = [];
  #cleanups: Set<() => void> | undefined = undefined;
  #ended: AbortController | undefined = undefined;
  #kept: Map<KeptType, object> | undefined = undefined;

  constructor(services: HostServices, limits: TimeLimits, depth = 0) {
    this.services = services;
    this.depth = depth;
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

  /** Suspends the guest until `work` is done, its time is up, or it is ended. */
  async waitFor<Value>(work: Promise<Value>): Promise<Value> {
    await this.wait([new Settling(work)]);
    return work;
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

  /**
   * Counts bytes that the host keeps for the guest, or, below 0, no longer keeps.
   *
   * @throws {HostError} `LIMIT` if they are too many.
   */
  countBytes(bytes: number): void {
    this.#keptBytes += bytes;
    if (bytes > 0 && this.#keptBytes > this.services.maxKeptBytes) {
      throw new HostError(
        "LIMIT",
        `Cannot keep more for the guest: its fields and bodies have more than ${this.services.maxKeptBytes} bytes`,
      );
    }
  }

  /** Aborts when the guest has ended: for what was begun on its behalf. */
  get signal(): AbortSignal {
    if (this.#ended === undefined) {
      const controller = new AbortController();
      this.#ended = controller;
      this.onDispose(() => {
        controller.abort(new HostError("STOPPED", "Cannot go on: the guest has ended"));
      });
    }
    return this.#ended.signal;
  }

  /** What an interface keeps for this guest: one of each type, made at the first call. */
  keep<Kept extends object>(type: new (state: HostState) => Kept): Kept {
    this.#kept ??= new Map();
    const found = this.#kept.get(type);
    if (found instanceof type) return found;
    const made = new type(this);
    this.#kept.set(type, made);
    return made;
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
