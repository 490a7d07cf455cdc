/** Something a guest may wait for. */
export interface Waitable {
  isReady(): boolean;
  /** Calls `wake` once or more when it may have become ready. Returns a function that takes the request back. */
  onReady(wake: () => void): () => void;
}

/** The waiters of something that becomes ready by events. */
export class Wakers {
  /** Made for the first waiter: most answers are written before anybody waits. */
  #wakers: Set<() => void> | undefined = undefined;

  add(wake: () => void): () => void {
    const wakers = (this.#wakers ??= new Set()).add(wake);
    return () => {
      wakers.delete(wake);
    };
  }

  wakeAll(): void {
    if (this.#wakers === undefined) return;
    for (const wake of this.#wakers) wake();
  }
}

/** What is ready and stays so. */
export const ALWAYS_READY: Waitable = {
  isReady: () => true,
  onReady(wake) {
    queueMicrotask(wake);
    return doNothing;
  },
};

function doNothing(): void {}

/** Ready once the event loop has looked for what has come in. */
export class OneTurn implements Waitable {
  #isOver = false;

  isReady(): boolean {
    return this.#isOver;
  }

  onReady(wake: () => void): () => void {
    // What is set now may still run in this turn; what is set in there runs when the next one has looked.
    let turn = setImmediate(() => {
      turn = setImmediate(() => {
        this.#isOver = true;
        wake();
      });
    });
    return () => {
      clearImmediate(turn);
    };
  }
}

/** A promise that a guest waits for: ready when it is settled, either way. */
export class Settling implements Waitable {
  readonly #wakers = new Wakers();
  #isSettled = false;

  constructor(work: Promise<unknown>) {
    const settled = (): void => {
      this.#isSettled = true;
      this.#wakers.wakeAll();
    };
    work.then(settled, settled); // Whoever waits for the work itself sees why it failed.
  }

  isReady(): boolean {
    return this.#isSettled;
  }

  onReady(wake: () => void): () => void {
    return this.#wakers.add(wake);
  }
}
