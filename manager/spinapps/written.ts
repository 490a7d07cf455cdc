/** How long the watch may take to show what we wrote, in milliseconds. */
const GRACE_MS = 30_000;

interface Entry<P> {
  readonly over: P | undefined;
  readonly after: P;
  readonly untilMs: number;
}

export interface Write<P> {
  /** What the cache held when we wrote. */
  readonly over: P | undefined;
  /** What it holds now: the watch may have been quicker than the answer. */
  readonly cached: P | undefined;
  readonly after: P;
}

/** What the API server answered to our own writes, new objects included, until the watch has caught up. */
export class Written<P> {
  readonly #entries = new Map<string, Entry<P>>();
  readonly #isOlder: (cached: P, after: P) => boolean;

  /** @param isOlder whether the watch, by what it shows, is still behind the answer. Without it any change tells that it is not. */
  constructor(isOlder: (cached: P, after: P) => boolean = () => false) {
    this.#isOlder = isOlder;
  }

  set(key: string, { over, cached, after }: Write<P>, nowMs: number): void {
    if (cached !== over && !this.#isBehind(cached, after)) return;
    this.#entries.set(key, { over: cached, after, untilMs: nowMs + GRACE_MS });
  }

  /** The watch has shown a change: from now on the cache is right, unless that was news of before our write. */
  forget(key: string, cached: P | undefined): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined && !this.#isBehind(cached, entry.after)) this.#entries.delete(key);
  }

  /** @param cached what the cache holds now. */
  see(key: string, cached: P | undefined, nowMs: number): P | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return cached;
    const isWaiting = entry.over === cached || this.#isBehind(cached, entry.after);
    if (isWaiting && nowMs < entry.untilMs) return entry.after;
    this.#entries.delete(key);
    return cached;
  }

  #isBehind(cached: P | undefined, after: P): boolean {
    return cached !== undefined && this.#isOlder(cached, after);
  }
}
