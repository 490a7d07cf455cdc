import { type LookupAddress, lookup } from "node:dns";

/** Each takes a thread of the few that files use too, for as long as a name server does not answer. */
const MAX_RUNNING = 2;

export interface Lookup {
  readonly name: string;
  readonly onEnd: (error: Error | null, found: readonly LookupAddress[]) => void;
}

/** Look-ups of names, begun in their order when there is a place. */
export class LookupQueue {
  readonly #waiting = new Set<Lookup>();
  #running = 0;

  add(one: Lookup): void {
    this.#waiting.add(one);
    this.#startNext();
  }

  /** Gives up a look-up that was not begun. Returns whether there was one. */
  remove(one: Lookup): boolean {
    return this.#waiting.delete(one);
  }

  #startNext(): void {
    for (const one of this.#waiting) {
      if (this.#running >= MAX_RUNNING) return;
      this.#waiting.delete(one);
      this.#running += 1;
      lookup(one.name, { all: true, order: "verbatim" }, (error, found) => {
        this.#running -= 1;
        one.onEnd(error, found);
        this.#startNext();
      });
    }
  }
}
