import type { BodySink } from "../host/http/body-sink.ts";
import type { HttpErrorCode } from "../host/http/error-code.ts";
import type { OutgoingResponse } from "../host/http/messages.ts";
import type { Responder } from "../host/http/response-outparam.ts";

/** Its `content-length` is that of the body that it does not repeat. */
const NOT_MODIFIED = 304;

/** The answer to one request: by the guest, or about it. */
export interface Answer extends Responder {
  /** What the guest set instead of a response. */
  readonly errorCode: HttpErrorCode | undefined;
  /** Whether the guest answered, with a response or an error. */
  readonly isSet: boolean;
  /** Whether all of the answer has been handed over. */
  isWhole(): boolean;
  /** Whether the guest began an answer that it did not finish, while the client still waits for it. */
  isBroken(): boolean;
  /** The connection is not kept for another request. */
  closeAfter(): void;
  /** Answers without a guest. `headers`: names and values in turn. */
  reply(status: number, headers: readonly string[], body: Buffer): void;
  /** Answers in the guest's place; if part of its answer is out, cuts the connection. */
  refuse(status: number, text: string): void;
}

/** The answer to a client. */
export interface ClientAnswer extends Answer {
  /** Whether the client takes nothing of it any more. */
  isGone(): boolean;
  onGone(listener: () => void): void;
}

/**
 * Why the response cannot be sent, if so. A client that waits for bytes that do not come would take the next answer on
 * its connection for them.
 */
export function faultOf({ missingBytes, status }: OutgoingResponse, method: string): HttpErrorCode | undefined {
  if (missingBytes === 0 || method === "HEAD" || status === NOT_MODIFIED) return undefined;
  return cannotSend(`its content-length is ${missingBytes}, and its body was never opened`);
}

export function cannotSend(reason: string): HttpErrorCode {
  return { tag: "internal-error", val: `Cannot send the response: ${reason}` };
}

/** Lets the body go to `sink`; without one, the response ends. */
export function attachBody({ body }: OutgoingResponse, sink: BodySink): void {
  if (body === undefined) sink.end([], undefined);
  else body.attach(sink);
}

/** What a client gets in a guest's place. */
export function refusalOf(
  status: number,
  text: string,
): { readonly headers: readonly string[]; readonly body: Buffer } {
  const headers = ["content-type", "text/plain; charset=utf-8"];
  if (status === 503) headers.push("retry-after", "1");
  return { headers, body: Buffer.from(`${text}\n`) };
}
