import type { ServerResponse } from "node:http";
import type { HttpErrorCode } from "../host/http/error-code.ts";
import type { OutgoingResponse } from "../host/http/messages.ts";
import { ResponseSink } from "../host/http/response-sink.ts";
import { attachBody, type ClientAnswer, faultOf, refusalOf } from "./answer.ts";

const SWITCHING_PROTOCOLS = 101;

/** An answer by node:http. */
export class NodeAnswer implements ClientAnswer {
  readonly #response: ServerResponse;
  errorCode: HttpErrorCode | undefined = undefined;
  #isSet = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get isSet(): boolean {
    return this.#isSet;
  }

  closeAfter(): void {
    this.#response.shouldKeepAlive = false;
  }

  isGone(): boolean {
    return this.#response.closed;
  }

  onGone(listener: () => void): void {
    this.#response.once("close", listener);
  }

  isWhole(): boolean {
    return this.#isSet && this.#response.writableEnded;
  }

  isBroken(): boolean {
    return this.#isSet && !this.#response.writableEnded && !this.#response.closed;
  }

  informational(status: number, headers: readonly string[]): HttpErrorCode | undefined {
    const response = this.#response;
    const isTold = response.req.httpVersion !== "1.0"; // Which has no such answers: RFC 9110, 15.2.
    if (this.#isSet || response.headersSent || response.closed || !isTold || status === SWITCHING_PROTOCOLS) {
      return {
        tag: "internal-error",
        val: `Cannot send informational status ${status}: not 101, not to HTTP/1.0, and before the response`,
      };
    }
    response.writeInformation(status, [...headers]);
    return undefined;
  }

  respond(response: OutgoingResponse): void {
    this.#isSet = true;
    this.errorCode = faultOf(response, this.#response.req.method ?? "GET");
    if (this.errorCode !== undefined) return;
    attachBody(response, new ResponseSink(this.#response, response.status, response.headers.flat()));
  }

  fail(code: HttpErrorCode): void {
    this.#isSet = true;
    this.errorCode = code;
  }

  reply(status: number, headers: readonly string[], body: Buffer): void {
    this.#isSet = true;
    this.#response.writeHead(status, [...headers, "content-length", String(body.length)]);
    this.#response.end(body);
  }

  refuse(status: number, text: string): void {
    const response = this.#response;
    if (response.headersSent) {
      if (!response.writableEnded) response.destroy();
      return;
    }
    const { headers, body } = refusalOf(status, text);
    this.reply(status, headers, body);
    this.#readRest();
  }

  /** A guest that was ended reads no more of the request: what comes before the next one is thrown away. */
  #readRest(): void {
    const { req } = this.#response;
    if (!req.complete) req.removeAllListeners("readable").resume();
  }
}
