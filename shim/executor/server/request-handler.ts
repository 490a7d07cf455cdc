import type { ClientAnswer } from "./answer.ts";
import type { ClientRequest } from "./client-request.ts";

/** What a server does with its requests. */
export interface RequestHandler {
  handle(request: ClientRequest, answer: ClientAnswer): void;
  /** Resolves when no guest is at work. */
  idle(): Promise<void>;
  /** Has the connections of running requests closed with their answers, unless these have begun. */
  closeAfterAnswers(): void;
  /** Ends the guests that are still at work, and starts no more for clients. */
  endAll(reason: Error): void;
}
