/** Lets so many in at a time, has so many more wait in line, and turns the others away. */
export class Turnstile {
  readonly #maxInside: number;
  readonly #maxWaiting: number;
  readonly #waitMs: number;
  readonly #line = new Set<Waiting>();
  #inside = 0;

  constructor({ maxInside, maxWaiting, waitMs }: TurnstileLimits) {
    this.#maxInside = maxInside;
    this.#maxWaiting = maxWaiting;
    this.#waitMs = waitMs;
  }

  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Calls `enter` now or later, or `refuse`. Whoever entered calls {@link leave} once. */
  ask(enter: () => void, refuse: () => void): void {
    if (this.#inside < this.#maxInside) {
      this.#inside += 1;
      enter();
    } else if (this.#line.size < this.#maxWaiting) {
      this.#wait(enter, refuse);
    } else {
      refuse();
    }
  }

  #wait(enter: () => void, refuse: () => void): void {
    const timer = setTimeout(() => {
      this.#line.delete(waiting);
      refuse();
    }, this.#waitMs);
    const waiting: Waiting = { enter, timer };
    this.#line.add(waiting);
  }

  leave(): void {
    const [next] = this.#line;
    if (next === undefined) {
      this.#inside -= 1;
      return;
    }
    this.#line.delete(next);
    clearTimeout(next.timer);
    next.enter(); // Takes the place of the one who left.
  }
}

export interface TurnstileLimits {
  readonly maxInside: number;
  readonly maxWaiting: number;
  readonly waitMs: number;
}

interface Waiting {
  enter(): void;
  readonly timer: NodeJS.Timeout;
}
