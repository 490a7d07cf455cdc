/** How long the watch may take to show what we wrote, in milliseconds. */
const GRACE_MS = 30_000;

interface Entry<P> {
  readonly over: P | undefined;
  readonly after: P;
  readonly untilMs: number;
}

/** What the API server answered to our own writes, new objects included, until the watch has caught up. */
export class Written<P> {
  readonly #entries = new Map<string, Entry<P>>();

  /** @param over what the cache held when we wrote. */
  set(key: string, { over, after }: Pick<Entry<P>, "over" | "after">, nowMs: number): void {
    this.#entries.set(key, { over, after, untilMs: nowMs + GRACE_MS });
  }

  /** The watch has shown a change: from now on the cache is right. */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** @param cached what the cache holds now. */
  see(key: string, cached: P | undefined, nowMs: number): P | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return cached;
    if (entry.over === cached && nowMs < entry.untilMs) return entry.after;
    this.#entries.delete(key);
    return cached;
  }
}
