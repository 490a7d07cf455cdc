import { constants, type ServerHttp2Stream } from "node:http2";
import type { HttpErrorCode } from "../host/http/error-code.ts";
import type { OutgoingResponse } from "../host/http/messages.ts";
import { attachBody, cannotSend, type ClientAnswer, faultOf, refusalOf } from "./answer.ts";
import { headersOf, Http2Sink } from "./http2-sink.ts";

const SWITCHING_PROTOCOLS = 101;
/** Node sends no larger status by HTTP/2. */
const MAX_STATUS = 599;

/** An answer of HTTP/2. */
export class Http2Answer implements ClientAnswer {
  readonly #stream: ServerHttp2Stream;
  /** The request's method is HEAD. */
  readonly #isHead: boolean;
  errorCode: HttpErrorCode | undefined = undefined;
  #isSet = false;
  #sink: Http2Sink | undefined;

  constructor(stream: ServerHttp2Stream, isHead: boolean) {
    this.#stream = stream;
    this.#isHead = isHead;
  }

  get isSet(): boolean {
    return this.#isSet;
  }

  /** The connection takes no further request, and ends with the last of those that it has. */
  closeAfter(): void {
    this.#stream.session?.close();
  }

  isGone(): boolean {
    return this.#stream.closed;
  }

  onGone(listener: () => void): void {
    this.#stream.once("close", listener);
  }

  isWhole(): boolean {
    return this.#sink?.isWhole === true;
  }

  isBroken(): boolean {
    return this.#isSet && !this.isWhole() && !this.#stream.closed;
  }

  informational(status: number, headers: readonly string[]): HttpErrorCode | undefined {
    const stream = this.#stream;
    if (this.#isSet || stream.headersSent || stream.closed || status === SWITCHING_PROTOCOLS) {
      return {
        tag: "internal-error",
        val: `Cannot send informational status ${status}: not 101, and before the response`,
      };
    }
    stream.additionalHeaders({ ":status": status, ...headersOf(headers) });
    return undefined;
  }

  respond(response: OutgoingResponse): void {
    this.errorCode = this.#faultOf(response);
    if (this.errorCode !== undefined) this.#isSet = true;
    else attachBody(response, this.#begin(response.status, response.headers.flat()));
  }

  fail(code: HttpErrorCode): void {
    this.#isSet = true;
    this.errorCode = code;
  }

  reply(status: number, headers: readonly string[], body: Buffer): void {
    this.#begin(status, headers).end([body], undefined);
  }

  refuse(status: number, text: string): void {
    const stream = this.#stream;
    if (stream.headersSent) {
      if (!this.isWhole()) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      return;
    }
    const { headers, body } = refusalOf(status, text);
    this.reply(status, headers, body);
  }

  #faultOf(response: OutgoingResponse): HttpErrorCode | undefined {
    if (response.status > MAX_STATUS) return cannotSend(`HTTP/2 has no status ${response.status}`);
    return faultOf(response, this.#isHead ? "HEAD" : "GET");
  }

  #begin(status: number, headers: readonly string[]): Http2Sink {
    this.#isSet = true;
    return (this.#sink = new Http2Sink(this.#stream, { status, headers, isHead: this.#isHead }));
  }
}
