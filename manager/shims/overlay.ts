/**
 * What the API server answered to our own writes, until the watch has caught up: without it the same thing would be
 * written twice. An entry lives as long as the cached object that it belongs to.
 */
export class Overlay<P extends object> {
  readonly #written = new WeakMap<P, P>();

  /** @param cached what the cache held when we wrote. @param written the API server's answer. */
  set(cached: P, written: P): void {
    this.#written.set(cached, written);
  }

  /** @param cached what the cache holds now: once that is another object, the watch has moved on. */
  see(cached: P): P {
    return this.#written.get(cached) ?? cached;
  }
}
