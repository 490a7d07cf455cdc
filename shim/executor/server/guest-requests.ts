import type { ClientAnswer } from "./answer.ts";
import type { ClientRequest } from "./client-request.ts";
import type { GuestHandler } from "./guest-handler.ts";
import type { RequestHandler } from "./request-handler.ts";
import type { Visits } from "./visits.ts";

export interface GuestRequestsOptions {
  readonly handler: GuestHandler;
  readonly visits: Visits;
}

/** Leads each request to a guest of one component. */
export class GuestRequests implements RequestHandler {
  readonly #handler: GuestHandler;
  readonly #visits: Visits;

  constructor({ handler, visits }: GuestRequestsOptions) {
    this.#handler = handler;
    this.#visits = visits;
  }

  handle(request: ClientRequest, answer: ClientAnswer): void {
    if (request.isTooLarge) {
      answer.closeAfter(); // Its body is not going to be read.
      answer.refuse(413, "The request's body is too large");
      return;
    }
    this.#visits.ask(answer, () => {
      this.#handler.start(request, answer);
    });
  }

  async idle(): Promise<void> {
    await this.#visits.idle();
  }

  closeAfterAnswers(): void {
    this.#visits.closeAfterAnswers();
  }

  endAll(reason: Error): void {
    this.#visits.endAll(reason);
  }
}
