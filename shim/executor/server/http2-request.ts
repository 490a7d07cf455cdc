import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { Fields } from "../host/http/fields.ts";
import type { BodySource } from "../host/http/incoming-body.ts";
import { type Method, SCHEME_HTTP, type Scheme, methodFromText } from "../host/http/method.ts";
import { addressText, type ClientRequest, exceeds, pathIn, type RequestLimits } from "./client-request.ts";

/** What Node says of the head of a stream. */
export interface Http2Head {
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, pseudo-headers first. */
  readonly raw: readonly string[];
  readonly hasBody: boolean;
}

/** A request of HTTP/2. */
export class Http2Request implements ClientRequest {
  readonly origin = "client";
  readonly scheme: Scheme = SCHEME_HTTP;
  readonly #stream: ServerHttp2Stream;
  readonly #head: Http2Head;
  readonly #limits: RequestLimits;
  #trailers: readonly string[] = [];

  constructor(stream: ServerHttp2Stream, head: Http2Head, limits: RequestLimits) {
    this.#stream = stream;
    this.#head = head;
    this.#limits = limits;
    if (!head.hasBody) return;
    stream.once("trailers", (_trailers, _flags, raw) => {
      this.#trailers = raw;
    });
  }

  get method(): Method {
    return methodFromText(this.#head.headers[":method"] ?? "GET");
  }

  get pathWithQuery(): string | undefined {
    return pathIn(this.#head.headers[":path"]);
  }

  get authority(): string | undefined {
    return this.#head.headers[":authority"] ?? this.#head.headers.host;
  }

  get clientAddress(): string {
    return addressText(this.#stream.session?.socket ?? {});
  }

  get userAgent(): string | undefined {
    return this.#head.headers["user-agent"];
  }

  get isTooLarge(): boolean {
    return exceeds(this.#head.headers["content-length"], this.#limits);
  }

  rawHeaders(): readonly string[] {
    return plainHeaders(this.#head.raw);
  }

  body(): BodySource {
    const { maxRequestBodyBytes, maxTrailerBytes } = this.#limits;
    return {
      stream: this.#head.hasBody ? this.#stream : undefined,
      maxBytes: maxRequestBodyBytes,
      tooLong: "HTTP-request-body-size",
      trailers: () => (this.#trailers.length === 0 ? undefined : Fields.ofMessage(this.#trailers, maxTrailerBytes)),
    };
  }
}

const COOKIE = "cookie";

/**
 * The fields of a request without pseudo-headers. Cookies that came as several fields become one: RFC 9113, 8.2.3.
 *
 * @param raw names and values in turn.
 */
export function plainHeaders(raw: readonly string[]): readonly string[] {
  const plain: string[] = [];
  const cookies: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? "";
    const value = raw[index + 1] ?? "";
    if (name === COOKIE) cookies.push(value);
    else if (!name.startsWith(":")) plain.push(name, value);
  }
  return cookies.length === 0 ? plain : [...plain, COOKIE, cookies.join("; ")];
}
