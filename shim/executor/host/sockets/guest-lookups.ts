import type { HostState } from "../state.ts";
import { type Lookup, LookupQueue } from "./lookup-queue.ts";
import { NetworkError } from "./network-error.ts";

const MAX_OF_GUEST = 8;
/** Of all guests of the process. */
const queue = new LookupQueue();

/** The look-ups of one guest. Each counts as open until it has ended, or was given up before it began. */
export class GuestLookups {
  readonly #state: HostState;
  #count = 0;

  constructor(state: HostState) {
    this.#state = state;
  }

  /**
   * Has a name looked up, unless the guest ends before its turn. Returns a function that gives it up.
   *
   * @throws {NetworkError} `temporary-resolver-failure` if the guest has too many of them.
   * @throws {HostError} `LIMIT`
   */
  start({ name, onEnd }: Lookup): () => void {
    if (this.#count >= MAX_OF_GUEST) throw new NetworkError("temporary-resolver-failure");
    this.#state.countOpen();
    this.#count += 1;
    const queued: Lookup = {
      name,
      onEnd: (error, found) => {
        this.#ended(takeBack);
        onEnd(error, found);
      },
    };
    const giveUp = (): void => {
      if (queue.remove(queued)) this.#ended(takeBack);
    };
    const takeBack = this.#state.onDispose(giveUp);
    queue.add(queued);
    return giveUp;
  }

  #ended(takeBack: () => void): void {
    takeBack();
    this.#count -= 1;
    this.#state.countClosed();
  }
}
