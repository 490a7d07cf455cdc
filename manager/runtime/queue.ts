import { Schedule, type ScheduleOptions } from "./schedule.ts";

/** Keys that wait for work, for several workers; see `Schedule` for the rules. */
export class WorkQueue {
  readonly #schedule: Schedule;
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ScheduleOptions) {
    this.#schedule = new Schedule(options);
  }

  /** Keys that wait for their run, due or not. */
  get depth(): number {
    return this.#schedule.waiting;
  }

  /** @param afterMs earliest start from now, in milliseconds; an earlier one that is known already wins. */
  add(key: string, afterMs = 0): void {
    this.#schedule.add(key, performance.now() + afterMs);
    this.#serve();
  }

  /** Adds `key` with a delay that doubles with each call until `forget`. Returns the delay in milliseconds. */
  retry(key: string): number {
    const delayMs = this.#schedule.retry(key, performance.now(), Math.random());
    this.#serve();
    return delayMs;
  }

  forget(key: string): void {
    this.#schedule.forget(key);
  }

  /** The next key; `undefined` when the queue is closed. Every key taken must be given to `finish`. */
  async take(): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#takers.push(resolve);
      this.#serve();
    });
  }

  finish(key: string): void {
    this.#schedule.finish(key, performance.now());
    this.#serve();
  }

  /** From now on nothing is handed out. What is running goes on. */
  close(): void {
    this.#isClosed = true;
    this.#serve();
  }

  #serve(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) {
      for (const taker of this.#takers.splice(0)) taker(undefined);
      return;
    }
    this.#handOut();
    const dueMs = this.#schedule.nextDueMs();
    if (dueMs === undefined || this.#takers.length === 0) return;
    // At least 1 ms: a timer may fire a little early.
    this.#timer = setTimeout(() => this.#serve(), Math.min(MAX_TIMER_MS, Math.max(1, dueMs - performance.now())));
  }

  #handOut(): void {
    while (this.#takers.length > 0) {
      const key = this.#schedule.start(performance.now());
      if (key === undefined) return;
      this.#takers.shift()?.(key);
    }
  }
}

/** setTimeout takes 31 bits. */
const MAX_TIMER_MS = 2 ** 31 - 1;
