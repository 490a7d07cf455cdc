/** Lets so many in at a time, has so many more wait in line, and turns the others away. */
export class Turnstile {
  readonly #maxInside: number;
  readonly #maxWaiting: number;
  readonly #waitMs: number;
  readonly #line = new Set<Waiting>();
  #inside = 0;
  #isClosed = false;
  #isLettingIn = false;

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

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Lets the visitor in now or later, or turns it away. Who was let in calls {@link leave} once. */
  ask(visitor: Visitor): void {
    if (this.#isClosed) {
      visitor.refuse();
    } else if (this.#inside < this.#maxInside) {
      this.#inside += 1;
      visitor.enter();
    } else if (this.#line.size < this.#maxWaiting) {
      this.#wait(visitor);
    } else {
      visitor.refuse();
    }
  }

  #wait(visitor: Visitor): void {
    const timer = setTimeout(() => {
      this.#line.delete(waiting);
      visitor.refuse();
    }, this.#waitMs);
    const waiting: Waiting = { visitor, timer };
    this.#line.add(waiting);
    visitor.onGone(() => {
      clearTimeout(timer);
      this.#line.delete(waiting);
    });
  }

  leave(): void {
    this.#inside -= 1;
    if (this.#isLettingIn) return; // Who was let in just now has left already: below, the next one follows.
    this.#isLettingIn = true;
    while (this.#line.size > 0 && this.#inside < this.#maxInside) this.#letIn();
    this.#isLettingIn = false;
  }

  /** Turns away those who wait, and all who ask from now on. */
  close(): void {
    this.#isClosed = true;
    for (const { visitor, timer } of this.#line) {
      clearTimeout(timer);
      visitor.refuse();
    }
    this.#line.clear();
  }

  /** The first in line. */
  #letIn(): void {
    const [next] = this.#line;
    if (next === undefined) return;
    this.#line.delete(next);
    clearTimeout(next.timer);
    this.#inside += 1;
    next.visitor.enter();
  }
}

export interface TurnstileLimits {
  readonly maxInside: number;
  readonly maxWaiting: number;
  readonly waitMs: number;
}

/** Who asks to be let in. */
export interface Visitor {
  enter(): void;
  refuse(): void;
  /** `listener` is called when it does not wait any more. */
  onGone(listener: () => void): void;
}

interface Waiting {
  readonly visitor: Visitor;
  readonly timer: NodeJS.Timeout;
}
