import type { Any } from "../proto/any.ts";

export interface QueuedEvent {
  readonly topic: string;
  readonly event: Any;
  readonly at: Date;
}

/** Without its exit, containerd would take a process for running for ever. There is one for each process that it had. */
const EXIT_TOPIC = "/tasks/exit";

/** Events in the order in which they came. At most `limit` of them are no exits; exits are always taken. */
export class EventQueue {
  readonly #limit: number;
  #events: QueuedEvent[] = [];
  #first = 0;
  #bounded = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#events.length - this.#first;
  }

  get first(): QueuedEvent | undefined {
    return this.#events[this.#first];
  }

  /** @returns false if there is no room for the event. */
  add(event: QueuedEvent): boolean {
    if (event.topic !== EXIT_TOPIC) {
      if (this.#bounded >= this.#limit) return false;
      this.#bounded += 1;
    }
    this.#events.push(event);
    return true;
  }

  removeFirst(): void {
    const { first } = this;
    if (first === undefined) return;
    if (first.topic !== EXIT_TOPIC) this.#bounded -= 1;
    this.#first += 1;
    if (this.#first < 1024 && this.size > 0) return; // Moving the others up each time would cost more.
    this.#events = this.#events.slice(this.#first);
    this.#first = 0;
  }
}
