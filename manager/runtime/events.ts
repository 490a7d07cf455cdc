import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "@rcm/lib/errors";
import { isKubeError, type Kube, type ObjectRef } from "@rcm/lib/kube";
import type { Log } from "@rcm/lib/log";
import { eventOf, EVENTS, seriesKey, seriesPatch, type Occurrence, type Reporter } from "./event.ts";

export interface EventsOptions {
  readonly kube: Pick<Kube, "create" | "patch">;
  readonly reporter: Reporter;
  readonly log: Log;
  /** Time between two writes, in milliseconds. @default 200 */
  readonly pauseMs?: number;
}

interface Series {
  readonly occurrence: Occurrence;
  /** The object on the server; `undefined` before the first write. */
  ref: ObjectRef | undefined;
  count: number;
  lastMs: number;
}

/** A series that was silent for this long is over; what comes then is a new Event. As client-go. */
const SERIES_MS = 6 * 60_000;
/** Series that we remember; the oldest goes first. */
const MAX_SERIES = 4096;
const DEFAULT_PAUSE_MS = 200;

/**
 * Writes Events: best effort, one at a time, in the background. What happens again and again is one Event with a count,
 * and what happens again before it was written costs no write of its own.
 */
export class Events {
  readonly #options: EventsOptions;
  /** In the order of their last occurrence. */
  readonly #series = new Map<string, Series>();
  readonly #dirty = new Set<string>();
  #wake = Promise.withResolvers<undefined>();

  constructor(options: EventsOptions) {
    this.#options = options;
  }

  /** Notes an occurrence; never waits and never fails. */
  record(occurrence: Occurrence): void {
    const key = seriesKey(occurrence);
    const nowMs = performance.now();
    const known = this.#series.get(key);
    const isOver = known === undefined || nowMs - known.lastMs >= SERIES_MS;
    const series = isOver ? { occurrence, ref: undefined, count: 0, lastMs: nowMs } : known;
    series.count += 1;
    series.lastMs = nowMs;
    this.#series.delete(key);
    this.#series.set(key, series);
    this.#dirty.add(key);
    this.#trim();
    this.#wake.resolve(undefined);
  }

  /** Writes until `signal` aborts, whatever fails. */
  async run(signal: AbortSignal): Promise<void> {
    // Wakes the loop: a race of each wait against one promise of the end would add a reaction to it every time.
    signal.addEventListener("abort", () => this.#wake.resolve(undefined), { once: true });
    while (!signal.aborted) {
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
      await this.#flush(signal);
    }
  }

  async #flush(signal: AbortSignal): Promise<void> {
    for (const key of this.#dirty) {
      if (signal.aborted) return;
      this.#dirty.delete(key);
      const series = this.#series.get(key);
      if (series !== undefined) await this.#write(series, signal);
      await sleep(this.#options.pauseMs ?? DEFAULT_PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #write(series: Series, signal: AbortSignal): Promise<void> {
    try {
      if (!(await this.#count(series, signal))) await this.#create(series, signal);
    } catch (error) {
      if (signal.aborted) return;
      const { reason, regarding } = series.occurrence;
      this.#options.log.debug("Event not written", { reason, name: regarding.name, problem: messageOf(error) });
    }
  }

  /** @returns false when there is no such Event (any more): they live for an hour. */
  async #count(series: Series, signal: AbortSignal): Promise<boolean> {
    if (series.ref === undefined) return false;
    const body = { ...seriesPatch(series.count, new Date()) };
    try {
      await this.#options.kube.patch(EVENTS, series.ref, { kind: "merge", body }, signal);
      return true;
    } catch (error) {
      if (isKubeError(error, "NotFound")) return false;
      throw error;
    }
  }

  async #create(series: Series, signal: AbortSignal): Promise<void> {
    const event = eventOf(series.occurrence, this.#options.reporter, new Date());
    // The API wants a series to have 2 at least.
    const counted = series.count > 1 ? { ...event, ...seriesPatch(series.count, new Date()) } : event;
    const { metadata } = await this.#options.kube.create(EVENTS, counted, {}, signal);
    series.ref = { name: metadata?.name ?? "", namespace: metadata?.namespace };
  }

  #trim(): void {
    for (const [key] of this.#series) {
      if (this.#series.size <= MAX_SERIES) return;
      this.#series.delete(key);
      this.#dirty.delete(key);
    }
  }
}
