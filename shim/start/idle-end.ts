/**
 * Ends a shim that nobody needs, whatever containerd says or forgets to say: it asks for an end with each deletion, also
 * while there are other containers, and not again when the last of them is gone (seen with 2.1, when the pause process
 * was killed).
 */
export class IdleEnd {
  readonly #isIdle: () => boolean;
  readonly #end: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** In milliseconds of `process.uptime()`. */
  #due = 0;

  constructor(isIdle: () => boolean, end: () => void) {
    this.#isIdle = isIdle;
    this.#end = end;
  }

  /** Ends it in `ms` milliseconds if it is idle then. An earlier call does not count any more. */
  expectWork(ms: number): void {
    clearTimeout(this.#timer);
    this.#due = process.uptime() * 1000 + ms;
    this.#timer = setTimeout(() => {
      if (this.#isIdle()) this.#end();
    }, ms);
    this.#timer.unref();
  }
  /** The same, unless it would have been later anyway. */
  expectWorkAtLeast(ms: number): void {
    if (this.#due < process.uptime() * 1000 + ms) this.expectWork(ms);
  }
}
