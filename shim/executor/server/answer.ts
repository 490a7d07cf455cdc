import type { ServerResponse } from "node:http";
import type { HttpErrorCode } from "../host/http/error-code.ts";
import type { OutgoingResponse } from "../host/http/messages.ts";
import type { Responder } from "../host/http/response-outparam.ts";
import { ResponseSink } from "../host/http/response-sink.ts";

/** Informational answers that Node can send beside 100, which it sends by itself. */
const EARLY_HINTS = 103;

/** The answer to one request: by the guest, or about it. */
export class Answer implements Responder {
  readonly #response: ServerResponse;
  /** What the guest set instead of a response. */
  errorCode: HttpErrorCode | undefined = undefined;
  #isSet = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Whether the guest answered, with a response or an error. */
  get isSet(): boolean {
    return this.#isSet;
  }

  /** The connection is not kept for another request. */
  closeAfter(): void {
    this.#response.shouldKeepAlive = false;
  }

  /** Whether all of the answer has been handed over. */
  isWhole(): boolean {
    return this.#isSet && this.#response.writableEnded;
  }

  /** Whether the guest began an answer that it did not finish, while the client still waits for it. */
  isBroken(): boolean {
    return this.#isSet && !this.#response.writableEnded && !this.#response.closed;
  }

  informational(status: number, headers: readonly string[]): HttpErrorCode | undefined {
    if (this.#isSet || this.#response.headersSent || status !== EARLY_HINTS) {
      return { tag: "internal-error", val: `Cannot send informational status ${status}: only 103 before the response` };
    }
    const hints: Record<string, string[]> = {};
    for (let index = 0; index + 1 < headers.length; index += 2) {
      (hints[headers[index] ?? ""] ??= []).push(headers[index + 1] ?? "");
    }
    this.#response.writeEarlyHints(hints);
    return undefined;
  }

  respond(response: OutgoingResponse): void {
    this.#isSet = true;
    const sink = new ResponseSink(this.#response, response.status, response.headers.flat());
    if (response.body === undefined) sink.end([], undefined);
    else response.body.attach(sink);
  }

  fail(code: HttpErrorCode): void {
    this.#isSet = true;
    this.errorCode = code;
  }

  /** Answers in the guest's place; if part of its answer is out, cuts the connection. */
  refuse(status: number, text: string): void {
    const response = this.#response;
    if (response.headersSent) {
      if (!response.writableEnded) response.destroy();
      return;
    }
    const body = `${text}\n`;
    const headers = ["content-type", "text/plain; charset=utf-8", "content-length", String(Buffer.byteLength(body))];
    if (status === 503) headers.push("retry-after", "1");
    response.writeHead(status, headers);
    response.end(body);
  }
}
