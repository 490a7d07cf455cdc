import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { BodySink } from "../host/http/body-sink.ts";
import { HttpError } from "../host/http/error-code.ts";
import { isConnectionField } from "../host/http/field-rules.ts";
import { mayHaveLength } from "../host/http/response-sink.ts";

/** Answers that have no body, whatever is written: those, and the answers to HEAD. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

interface ResponseHead {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** It answers a HEAD. */
  readonly isHead: boolean;
}

/** The response of HTTP/2 as the place where a guest's body goes. */
export class Http2Sink implements BodySink {
  readonly #stream: ServerHttp2Stream;
  readonly #status: number;
  readonly #headers: readonly string[];
  readonly #isBodiless: boolean;
  #isWhole = false;

  constructor(stream: ServerHttp2Stream, { status, headers, isHead }: ResponseHead) {
    this.#stream = stream;
    this.#status = status;
    this.#headers = headers;
    this.#isBodiless = isHead || BODILESS.has(status);
  }

  /** Whether all of it was handed over. Node ends a stream by itself when its client goes, so that this does not say it. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  begin(): void {
    // Trailers may come, which must be said before the body. Without any, an empty frame ends it.
    if (!this.#isGone() && !this.#stream.headersSent) this.#respond({ waitForTrailers: true });
  }

  write(chunk: Buffer): void {
    if (this.#isGone()) return;
    this.begin();
    if (!this.#isBodiless) this.#stream.write(chunk);
  }

  queuedBytes(): number {
    return this.#stream.writableLength;
  }

  onDrain(listener: () => void): () => void {
    this.#stream.on("drain", listener).on("close", listener);
    return () => {
      this.#stream.off("drain", listener).off("close", listener);
    };
  }

  failure(): Error | undefined {
    if (!this.#isGone() || this.#isWhole) return undefined;
    return new HttpError({ tag: "connection-terminated" });
  }

  end(rest: readonly Buffer[], trailers: readonly string[] | undefined): void {
    if (this.#isGone()) return;
    this.#isWhole = true;
    const stream = this.#stream;
    if (!stream.headersSent && trailers === undefined) {
      this.#endWhole(rest.length === 1 && rest[0] !== undefined ? rest[0] : Buffer.concat(rest));
      return;
    }
    this.begin();
    if (this.#isBodiless) return; // It ended with its head.
    stream.once("wantTrailers", () => {
      this.#sendTrailers(trailers ?? []);
    });
    for (const chunk of rest) stream.write(chunk);
    stream.end();
  }

  /** The client sees that the stream was cut: it must not take what it has for the whole. */
  abort(): void {
    if (this.#stream.headersSent) this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  /** Called by Node: what is thrown here, nobody would catch. */
  #sendTrailers(trailers: readonly string[]): void {
    try {
      this.#stream.sendTrailers(headersOf(trailers));
    } catch {
      this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    }
  }

  #endWhole(body: Buffer): void {
    const length = mayHaveLength(this.#status, this.#headers) ? { "content-length": body.length } : {};
    this.#respond({ endStream: body.length === 0 }, length);
    if (body.length > 0 && !this.#isBodiless) this.#stream.end(body);
  }

  #respond(
    options: { readonly waitForTrailers?: boolean; readonly endStream?: boolean },
    more: OutgoingHttpHeaders = {},
  ): void {
    if (this.#isBodiless) this.#isWhole = true;
    const headers = { ":status": this.#status, ...headersOf(this.#headers), ...more };
    this.#stream.respond(headers, this.#isBodiless ? { endStream: true } : options);
  }

  #isGone(): boolean {
    return this.#stream.closed || this.#stream.destroyed;
  }
}

/**
 * As node:http2 takes them: values of one name together, which only cookies may not be (RFC 9110, 5.3). Fields of a
 * connection are left out.
 *
 * @param flat names and values in turn.
 */
export function headersOf(flat: readonly string[]): OutgoingHttpHeaders {
  const values = new Map<string, string[]>();
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = (flat[index] ?? "").toLowerCase();
    if (isConnectionField(name)) continue;
    const known = values.get(name);
    if (known === undefined) values.set(name, [flat[index + 1] ?? ""]);
    else known.push(flat[index + 1] ?? "");
  }
  return Object.fromEntries([...values].map(([name, all]) => [name, name === "set-cookie" ? all : all.join(", ")]));
}
