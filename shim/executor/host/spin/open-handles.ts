import type { HostState } from "../state.ts";

/** As in Spin. */
const MAX_OF_A_KIND = 256;

export type HandleKind = "store" | "database" | "redis";

/** How many stores, databases and connections a guest has open. */
export class OpenHandles {
  readonly #state: HostState;
  readonly #open = new Map<HandleKind, number>();

  constructor(state: HostState) {
    this.#state = state;
  }

  /**
   * Counts one more, unless there are too many of its kind: then `false`.
   *
   * @throws {HostError} `LIMIT` if the guest has too much open of all kinds together.
   */
  take(kind: HandleKind): boolean {
    const open = this.#open.get(kind) ?? 0;
    if (open >= MAX_OF_A_KIND) return false;
    this.#state.countOpen();
    this.#open.set(kind, open + 1);
    return true;
  }

  giveBack(kind: HandleKind): void {
    this.#open.set(kind, (this.#open.get(kind) ?? 0) - 1);
    this.#state.countClosed();
  }
}
