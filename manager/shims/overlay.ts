/**
 * What the API server answered to our own writes, until the watch has caught up: without it the same thing would be
 * written twice.
 */
export class Overlay<P extends object> {
  readonly #written = new Map<string, { readonly over: P; readonly after: P }>();

  /** @param over what the cache held when we wrote. */
  set(key: string, over: P, after: P): void {
    this.#written.set(key, { over, after });
  }

  /** @param cached what the cache holds now: once that is another object, the watch has moved on. */
  see(key: string, cached: P): P {
    const known = this.#written.get(key);
    if (known === undefined) return cached;
    if (known.over === cached) return known.after;
    this.#written.delete(key);
    return cached;
  }
}
