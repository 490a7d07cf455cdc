import type { Waitable } from "../waitable.ts";

/** `wasi:io/poll.pollable`: a handle on what it waits for. */
export class Pollable implements Waitable {
  readonly #target: Waitable;

  constructor(target: Waitable) {
    this.#target = target;
  }

  isReady(): boolean {
    return this.#target.isReady();
  }

  onReady(wake: () => void): () => void {
    return this.#target.onReady(wake);
  }
}
