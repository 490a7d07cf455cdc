import { ComponentExit } from "../../host/errors.ts";
import { HttpError } from "../../host/http/error-code.ts";
import type { OutgoingCall } from "../../host/http/outgoing-service.ts";
import { refuseCall } from "../../host/http/refuse-call.ts";
import type { Answer } from "../../server/answer.ts";
import type { RequestSource } from "../../server/guest-handler.ts";
import type { Visit, Visits } from "../../server/visits.ts";
import { ChainedAnswer } from "./chained-answer.ts";
import { ChainedRequest } from "./chained-request.ts";
import type { ClientHead } from "./routed-request.ts";

/** A component that calls itself, by however many others, ends here. */
const MAX_DEPTH = 16;
/** For each guest that may be at work for clients: how many more may be at work for guests. */
const GUESTS_PER_CLIENT = 8;

/** Answers a request by a guest, or at once: then there is no visit. */
export type Start = (head: ClientHead, answer: Answer, source: RequestSource) => Visit | undefined;

/**
 * Requests from guests to guests of the same application, in this process. They do not wait for a turn: those who ask
 * have one already, and if all who have one waited for one, none would ever end. So there is a limit, and beyond it an
 * error at once.
 */
export class Chain {
  readonly #visits: Visits;
  readonly #maxGuests: number;

  constructor(visits: Visits, maxConcurrent: number) {
    this.#visits = visits;
    this.#maxGuests = maxConcurrent * (1 + GUESTS_PER_CLIENT);
  }

  send(call: OutgoingCall, start: Start): void {
    if (call.depth > MAX_DEPTH) {
      refuseCall(call, { tag: "loop-detected" });
      return;
    }
    const head = new ChainedRequest(call);
    let visit: Visit | undefined = undefined;
    function onAbort(): void {
      answer.giveUp(new HttpError({ tag: "connection-terminated" }));
      visit?.state.end(new ComponentExit(0));
    }
    const answer = new ChainedAnswer(call, () => {
      call.signal.removeEventListener("abort", onAbort);
      head.discardRest();
    });
    call.signal.addEventListener("abort", onAbort, { once: true });
    // Not inside of the call that the guest is making: it goes on first, and may end its body.
    queueMicrotask(() => {
      if (answer.isWhole()) return;
      if (this.#visits.count >= this.#maxGuests) {
        answer.giveUp(new HttpError({ tag: "connection-limit-reached" }));
      } else {
        visit = start(head, answer, { origin: "guest", depth: call.depth });
      }
    });
  }
}
