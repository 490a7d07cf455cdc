import type { HttpErrorCode } from "./error-code.ts";
import type { OutgoingResponse } from "./messages.ts";

/** Takes what the guest answers. */
export interface Responder {
  /** A 1xx answer before the real one; an error code if it cannot be sent. */
  informational(status: number, headers: readonly string[]): HttpErrorCode | undefined;
  respond(response: OutgoingResponse): void;
  /** The guest answers with an error instead. */
  fail(code: HttpErrorCode): void;
}

/** `wasi:http/types.response-outparam` */
export class ResponseOutparam {
  readonly responder: Responder;

  constructor(responder: Responder) {
    this.responder = responder;
  }
}
