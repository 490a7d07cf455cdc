import type { IncomingMessage } from "node:http";
import { Fields } from "../host/http/fields.ts";
import type { BodySource } from "../host/http/incoming-body.ts";
import { type Method, SCHEME_HTTP, type Scheme, methodFromText } from "../host/http/method.ts";
import { addressText, type ClientRequest, exceeds, pathIn, type RequestLimits } from "./client-request.ts";

/** A request of node:http. */
export class NodeRequest implements ClientRequest {
  readonly origin = "client";
  readonly scheme: Scheme = SCHEME_HTTP;
  readonly #request: IncomingMessage;
  readonly #limits: RequestLimits;

  constructor(request: IncomingMessage, limits: RequestLimits) {
    this.#request = request;
    this.#limits = limits;
  }

  get method(): Method {
    return methodFromText(this.#request.method ?? "GET");
  }

  get pathWithQuery(): string | undefined {
    return pathIn(this.#request.url);
  }

  get authority(): string | undefined {
    return this.#request.headers.host;
  }

  get clientAddress(): string {
    return addressText(this.#request.socket);
  }

  get userAgent(): string | undefined {
    return this.#request.headers["user-agent"];
  }

  get isTooLarge(): boolean {
    return exceeds(this.#request.headers["content-length"], this.#limits);
  }

  rawHeaders(): readonly string[] {
    return this.#request.rawHeaders;
  }

  body(): BodySource {
    const request = this.#request;
    const { maxRequestBodyBytes, maxTrailerBytes } = this.#limits;
    return {
      stream: hasBody(request) ? request : undefined,
      maxBytes: maxRequestBodyBytes,
      tooLong: "HTTP-request-body-size",
      trailers: () =>
        request.rawTrailers.length === 0 ? undefined : Fields.ofMessage(request.rawTrailers, maxTrailerBytes),
    };
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
