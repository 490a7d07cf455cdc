import { giveBackMemory } from "../linux/give-back.ts";

/**
 * So long after the last work, in milliseconds: containers of a pod follow each other, and many do not live longer. To
 * rest takes some 30 ms of processor time.
 */
const REST_MS = 5000;

/**
 * Makes a shim small once it has done its work. V8 does so on its own only for those that want memory later: most of a
 * shim's garbage is from its start, and most of what it maps of Node it needs only then.
 */
export class Rest {
  readonly #onProblem: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  /** In milliseconds of `performance.now()`. */
  #due = Infinity;

  /** @param onProblem is told why memory could not be given back; nothing else comes of it. */
  constructor(onProblem: (error: unknown) => void) {
    this.#onProblem = onProblem;
  }

  /** To be called after work: the shim rests when no more has come for a while. */
  expect(ms = REST_MS): void {
    clearTimeout(this.#timer);
    this.#due = performance.now() + ms;
    this.#timer = setTimeout(() => {
      this.#due = Infinity;
      giveBackMemory("all", this.#onProblem);
    }, ms).unref();
  }

  /** The same after work that may come all the time: the shim rests within `ms` milliseconds, whether more comes or not. */
  expectWithin(ms: number): void {
    if (this.#due > performance.now() + ms) this.expect(ms);
  }
}
