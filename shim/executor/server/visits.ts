import type { Thoroughness } from "../../linux/collect-garbage.ts";
import type { RequestHead } from "../host/http/messages.ts";
import type { HostState } from "../host/state.ts";
import type { Answer, ClientAnswer } from "./answer.ts";
import { ConcurrencyLimiter } from "./concurrency-limiter.ts";
import type { ServerLimits } from "./limits.ts";
import { QuietTimers } from "./quiet-timers.ts";
import { Turns } from "./turns.ts";

/** One request at its guest. */
export interface Visit {
  readonly head: RequestHead;
  readonly answer: Answer;
  readonly state: HostState;
  /** A request that a guest makes has no turn of its own: it is part of that of the client. */
  readonly origin: "client" | "guest";
}

/** The requests of a program that guests are at work on. */
export class Visits {
  readonly #limiter: ConcurrencyLimiter;
  readonly #turns = new Turns();
  readonly #running = new Set<Visit>();
  readonly #quiet: QuietTimers;
  readonly #onIdle: (() => void)[] = [];

  /** @param onQuiet - called when there has been no request for some time, and again after more of it. */
  constructor(limits: ServerLimits, onQuiet: (what: Thoroughness) => void) {
    this.#quiet = new QuietTimers(onQuiet);
    this.#limiter = new ConcurrencyLimiter(limits);
  }

  /** Guests at work. */
  get count(): number {
    return this.#running.size;
  }

  /**
   * Calls `enter` when it is a client's turn, which calls `begin` at once and `end` later; or refuses it. Nothing is called
   * for a client that has gone before that.
   */
  ask(answer: ClientAnswer, enter: () => void): void {
    this.#turns.begin(() => {
      if (answer.isGone()) return;
      this.#limiter.acquire({
        start: enter,
        refuse: () => {
          answer.refuse(503, this.#limiter.isClosed ? "The program stops" : "Too many requests at the same time");
        },
        onGone: (listener) => {
          answer.onGone(listener);
        },
      });
    });
  }

  begin(visit: Visit): void {
    this.#running.add(visit);
  }

  end(visit: Visit): void {
    this.#running.delete(visit);
    if (visit.origin === "client") this.#limiter.release();
    if (this.#running.size > 0) return;
    this.#quiet.restart();
    for (const listener of this.#onIdle.splice(0)) listener();
  }

  /** Resolves when no guest is at work. */
  async idle(): Promise<void> {
    if (this.#running.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#onIdle.push(() => {
      resolve(undefined);
    });
    await promise;
  }

  /** Has the connections of running requests closed with their answers, unless these have begun. */
  closeAfterAnswers(): void {
    for (const { answer } of this.#running) answer.closeAfter();
  }

  /** Ends the guests that are still at work, and lets no more clients in. */
  endAll(reason: Error): void {
    this.#limiter.close();
    for (const { state } of this.#running) state.end(reason);
  }
}
