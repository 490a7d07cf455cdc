import { backoffMs, type Backoff } from "@rcm/lib/backoff";
import { Heap } from "./heap.ts";

export interface ScheduleOptions {
  /** Delay of a key that failed; grows with each failure in a row. */
  readonly backoff: Backoff;
  /** A key does not start sooner than this after its last start, in milliseconds: what happens meanwhile is one run. */
  readonly minIntervalMs: number;
}

interface Entry {
  /** When it runs next; `undefined` when nobody wants it to. */
  dueMs: number | undefined;
  isRunning: boolean;
  failures: number;
  startedMs: number;
}

interface Appointment {
  readonly key: string;
  readonly dueMs: number;
}

const SWEEP_EVERY_MS = 60_000;

/**
 * Which key runs when. Does no waiting: the time is an argument.
 *
 * A key is there once, however often it is added; the earliest time wins. A key that is running does not run a second
 * time beside itself: it runs again afterwards.
 */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #entries = new Map<string, Entry>();
  /** Holds outdated appointments too: those whose time is not that of the entry. */
  readonly #due = new Heap<Appointment>((a, b) => a.dueMs < b.dueMs);
  #waiting = 0;
  #sweptMs = 0;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  /** Keys that wait for their run, due or not. */
  get waiting(): number {
    return this.#waiting;
  }

  add(key: string, atMs: number): void {
    const entry = this.#entry(key);
    if (entry.dueMs !== undefined && entry.dueMs <= atMs) return;
    const dueMs = Math.max(atMs, entry.startedMs + this.#options.minIntervalMs);
    if (entry.dueMs === undefined) this.#waiting += 1;
    else if (entry.dueMs <= dueMs) return;
    entry.dueMs = dueMs;
    if (!entry.isRunning) this.#due.push({ key, dueMs });
  }

  /** The next key that is due, which from now on is running; `undefined` when none is. */
  start(nowMs: number): string | undefined {
    const next = this.#peek();
    if (next === undefined || next.dueMs > nowMs) return undefined;
    this.#due.pop();
    const entry = this.#entry(next.key);
    Object.assign(entry, { dueMs: undefined, isRunning: true, startedMs: nowMs } satisfies Partial<Entry>);
    this.#waiting -= 1;
    return next.key;
  }

  /** The run of `key` is over. Where it is to run again because of what came of it, call `add` or `retry` as well. */
  finish(key: string, nowMs: number): void {
    const entry = this.#entry(key);
    entry.isRunning = false;
    if (entry.dueMs !== undefined) this.#due.push({ key, dueMs: entry.dueMs });
    if (nowMs - this.#sweptMs >= SWEEP_EVERY_MS) this.#sweep(nowMs);
  }

  /** Runs `key` again after a delay that doubles with each failure in a row. Returns that delay in milliseconds. */
  retry(key: string, nowMs: number, random: number): number {
    const entry = this.#entry(key);
    entry.failures += 1;
    const delayMs = backoffMs(this.#options.backoff, entry.failures, random);
    this.add(key, nowMs + delayMs);
    return delayMs;
  }

  /** The next failure of `key` is its first again. */
  forget(key: string): void {
    this.#entry(key).failures = 0;
  }

  /** When the next key is due; `undefined` when none waits. */
  nextDueMs(): number | undefined {
    return this.#peek()?.dueMs;
  }

  #peek(): Appointment | undefined {
    for (let next = this.#due.peek(); next !== undefined; next = this.#due.peek()) {
      const entry = this.#entries.get(next.key);
      if (entry !== undefined && !entry.isRunning && entry.dueMs === next.dueMs) return next;
      this.#due.pop();
    }
    return undefined;
  }

  #entry(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = { dueMs: undefined, isRunning: false, failures: 0, startedMs: Number.NEGATIVE_INFINITY };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Drops what is known of keys that nobody uses, so that keys of deleted objects do not pile up. */
  #sweep(nowMs: number): void {
    this.#sweptMs = nowMs;
    for (const [key, { dueMs, isRunning, failures, startedMs }] of this.#entries) {
      const isIdle = dueMs === undefined && !isRunning && failures === 0;
      if (isIdle && startedMs + this.#options.minIntervalMs <= nowMs) this.#entries.delete(key);
    }
  }
}
