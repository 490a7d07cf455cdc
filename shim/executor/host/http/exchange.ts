import { Readable } from "node:stream";
import { HttpError } from "./error-code.ts";
import { Fields } from "./fields.ts";
import { IncomingResponse } from "./messages.ts";
import type { OutgoingCall } from "./outgoing-service.ts";

/** Bytes of a response held for a guest that does not read. */
const RESPONSE_BUFFER_BYTES = 64 << 10;

/** What the client library that does an exchange is told. */
export interface ExchangeClient {
  /** Gives it up, wherever it is. */
  abort(reason: Error): void;
  /** The guest has read: more of the response may come. */
  resume(): void;
  /** It is over, and whatever is kept for it can go. */
  release(): void;
}

/** One request and its response, whichever library does it: the side of the guest, and the time to connect. */
export class Exchange {
  readonly #call: OutgoingCall;
  readonly #client: ExchangeClient;
  readonly #connectTimer: NodeJS.Timeout;
  #body: Readable | undefined = undefined;
  #trailers: readonly string[] = [];
  #isWhole = false;
  #hasEnded = false;
  #abortReason: Error | undefined = undefined;
  readonly #onAbort = (): void => {
    const reason: unknown = this.#call.signal.reason;
    this.abort(reason instanceof Error ? reason : new Error("Given up", { cause: reason }));
  };

  /** @param client is not called before the constructor has returned. */
  constructor(call: OutgoingCall, connectTimeoutMs: number, client: ExchangeClient) {
    this.#call = call;
    this.#client = client;
    this.#connectTimer = setTimeout(() => {
      this.abort(new HttpError({ tag: "connection-timeout" }));
    }, connectTimeoutMs);
    call.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Why it was given up, if it was. */
  get abortReason(): Error | undefined {
    return this.#abortReason;
  }

  /** Gives the exchange up if its guest has done so by now. */
  checkSignal(): void {
    if (this.#call.signal.aborted) this.#onAbort();
  }

  /** Gives the exchange up. The guest gets the reason's code. */
  abort(reason: Error): void {
    this.#abortReason ??= reason;
    this.#client.abort(reason);
    this.fail(reason);
  }

  /** It has its connection. */
  connected(): void {
    clearTimeout(this.#connectTimer);
  }

  /** @param rawHeaders - names and values in turn. */
  respond(status: number, rawHeaders: readonly string[]): void {
    const body = new Readable({
      highWaterMark: RESPONSE_BUFFER_BYTES,
      read: () => {
        this.#client.resume();
      },
      destroy: (error, callback) => {
        if (!this.#hasEnded && !this.#isWhole) this.abort(error ?? new Error("The guest gave the response up"));
        callback(error);
      },
    });
    body.on("error", ignore); // Whoever reads it asks for the error; nobody may.
    this.#body = body;
    const { maxFieldBytes } = this.#call;
    this.#call.onResponse(
      new IncomingResponse(status, Fields.ofMessage(rawHeaders, maxFieldBytes), {
        stream: body,
        maxBytes: Number.POSITIVE_INFINITY,
        tooLong: "HTTP-response-body-size",
        trailers: () => (this.#trailers.length === 0 ? undefined : Fields.ofMessage(this.#trailers, maxFieldBytes)),
      }),
    );
  }

  /** @returns whether more may come at once. */
  push(chunk: Buffer): boolean {
    return this.#body?.push(chunk) !== false;
  }

  /** The response is whole; the request may not be. */
  endResponse(trailers: readonly string[]): void {
    this.#trailers = trailers;
    this.#isWhole = true;
    this.#body?.push(null);
  }

  /** Both are whole. */
  complete(): void {
    this.#end(undefined);
  }

  /** It came to nothing. */
  fail(error: Error): void {
    this.#end(this.#abortReason ?? error);
  }

  #end(error: Error | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#connectTimer);
    this.#call.signal.removeEventListener("abort", this.#onAbort);
    this.#client.release();
    if (error !== undefined) this.#body?.destroy(error);
    this.#call.onEnd(error);
  }
}

function ignore(): void {}
