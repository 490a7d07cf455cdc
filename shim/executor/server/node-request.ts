import type { IncomingMessage } from "node:http";
import { Fields } from "../host/http/fields.ts";
import type { BodySource } from "../host/http/incoming-body.ts";
import type { RequestHead } from "../host/http/messages.ts";
import { type Method, SCHEME_HTTP, type Scheme, methodFromText } from "../host/http/method.ts";

export interface RequestLimits {
  readonly maxRequestBodyBytes: number;
  readonly maxFieldBytes: number;
}

/** A request of node:http as guests see it. Nothing is read from it before a guest asks. */
export class NodeRequest implements RequestHead {
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

  /** Without scheme and authority, if the client sent the absolute form. */
  get pathWithQuery(): string | undefined {
    const { url } = this.#request;
    if (url === undefined || url.startsWith("/") || !url.includes("://")) return url;
    const parsed = URL.parse(url);
    return parsed === null ? url : `${parsed.pathname}${parsed.search}`;
  }

  get authority(): string | undefined {
    return this.#request.headers.host;
  }

  rawHeaders(): readonly string[] {
    return this.#request.rawHeaders;
  }

  body(): BodySource {
    const request = this.#request;
    const { maxRequestBodyBytes, maxFieldBytes } = this.#limits;
    return {
      stream: hasBody(request) ? request : undefined,
      maxBytes: maxRequestBodyBytes,
      tooLong: "HTTP-request-body-size",
      trailers: () =>
        request.rawTrailers.length === 0 ? undefined : Fields.ofMessage(request.rawTrailers, maxFieldBytes),
    };
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
