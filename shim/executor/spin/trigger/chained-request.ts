import { Fields } from "../../host/http/fields.ts";
import type { BodySource } from "../../host/http/incoming-body.ts";
import { type Method, SCHEME_HTTP, type Scheme, methodFromText } from "../../host/http/method.ts";
import type { OutgoingCall } from "../../host/http/outgoing-service.ts";
import { PipeSink } from "../../host/http/pipe-sink.ts";
import type { ClientHead } from "./routed-request.ts";

const DEFAULT_PORT = 80;

/** A request that one guest of the application makes to another, as that one sees it. */
export class ChainedRequest implements ClientHead {
  readonly origin = "guest";
  readonly scheme: Scheme = SCHEME_HTTP;
  /** As in Spin: there is no client. */
  readonly clientAddress = "0.0.0.0:0";
  readonly #call: OutgoingCall;
  readonly #pipe: PipeSink | undefined;

  constructor(call: OutgoingCall) {
    this.#call = call;
    if (call.body === undefined) return;
    this.#pipe = new PipeSink();
    call.body.attach(this.#pipe);
  }

  get method(): Method {
    return methodFromText(this.#call.method);
  }

  get pathWithQuery(): string {
    return this.#call.target.pathWithQuery;
  }

  get authority(): string {
    const { host, port } = this.#call.target;
    return port === DEFAULT_PORT ? host : `${host}:${port}`;
  }

  rawHeaders(): readonly string[] {
    return this.#call.headers;
  }

  body(): BodySource {
    const pipe = this.#pipe;
    const { maxFieldBytes } = this.#call;
    return {
      stream: pipe?.stream,
      maxBytes: Number.POSITIVE_INFINITY,
      tooLong: "HTTP-request-body-size",
      trailers: () =>
        pipe === undefined || pipe.trailers.length === 0 ? undefined : Fields.ofMessage(pipe.trailers, maxFieldBytes),
    };
  }

  /** The answer is whole: what is left of the body is thrown away, as a server does. */
  discardRest(): void {
    const stream = this.#pipe?.stream;
    if (stream !== undefined && !stream.readableEnded && !stream.destroyed) stream.resume();
  }
}
