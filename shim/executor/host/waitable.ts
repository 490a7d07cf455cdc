/** Something a guest may wait for. */
export interface Waitable {
  isReady(): boolean;
  /** Calls `wake` once or more when it may have become ready. Returns a function that takes the request back. */
  onReady(wake: () => void): () => void;
}

/** The waiters of something that becomes ready by events. */
export class Wakers {
  readonly #wakers = new Set<() => void>();

  add(wake: () => void): () => void {
    this.#wakers.add(wake);
    return () => {
      this.#wakers.delete(wake);
    };
  }

  wakeAll(): void {
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
