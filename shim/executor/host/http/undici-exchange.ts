import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { HttpError } from "./error-code.ts";
import { Fields } from "./fields.ts";
import { IncomingResponse } from "./messages.ts";
import type { OutgoingCall } from "./outgoing-service.ts";

/** Bytes of a response held for a guest that does not read. */
const RESPONSE_BUFFER_BYTES = 64 << 10;

/** One request and its response: turns undici's calls into those of {@link OutgoingCall}. */
export class UndiciExchange implements Dispatcher.DispatchHandler {
  readonly #call: OutgoingCall;
  readonly #connectTimer: NodeJS.Timeout;
  /** What undici keeps while the exchange waits for a connection. */
  #options: Dispatcher.DispatchOptions | undefined = undefined;
  #controller: Dispatcher.DispatchController | undefined = undefined;
  #body: Readable | undefined = undefined;
  #trailers: readonly string[] = [];
  #hasEnded = false;
  /** Set before undici has a connection, and so a controller, for the exchange. */
  #abortReason: Error | undefined = undefined;
  readonly #onAbort = (): void => {
    const reason: unknown = this.#call.signal.reason;
    this.abort(reason instanceof Error ? reason : new Error("Given up", { cause: reason }));
  };

  constructor(call: OutgoingCall, connectTimeoutMs: number) {
    this.#call = call;
    this.#connectTimer = setTimeout(() => {
      this.abort(new HttpError({ tag: "connection-timeout" }));
    }, connectTimeoutMs);
    call.signal.addEventListener("abort", this.#onAbort, { once: true });
    if (call.signal.aborted) this.#onAbort();
  }

  /** Hands the exchange to undici, unless it was given up by then. */
  dispatch(dispatcher: Dispatcher, options: Dispatcher.DispatchOptions): void {
    this.#options = options;
    if (this.#hasEnded) this.#release();
    else dispatcher.dispatch(options, this);
  }

  /** Gives the exchange up. The guest gets the reason's code. */
  abort(reason: Error): void {
    this.#abortReason ??= reason;
    this.#controller?.abort(reason);
    this.#end(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    clearTimeout(this.#connectTimer);
    this.#options = undefined;
    this.#controller = controller;
    if (this.#abortReason !== undefined) controller.abort(this.#abortReason);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return; // Informational: the real one follows.
    const body = new Readable({
      highWaterMark: RESPONSE_BUFFER_BYTES,
      read() {
        if (controller.paused) controller.resume();
      },
      destroy: (error, callback) => {
        if (!this.#hasEnded) this.abort(error ?? new Error("The guest gave the response up"));
        callback(error);
      },
    });
    body.on("error", ignore); // Whoever reads it asks for the error; nobody may.
    this.#body = body;
    const { maxFieldBytes } = this.#call;
    const headers = Fields.ofMessage(textsOf(controller.rawHeaders), maxFieldBytes);
    this.#call.onResponse(
      new IncomingResponse(status, headers, {
        stream: body,
        maxBytes: Number.POSITIVE_INFINITY,
        tooLong: "HTTP-response-body-size",
        trailers: () => (this.#trailers.length === 0 ? undefined : Fields.ofMessage(this.#trailers, maxFieldBytes)),
      }),
    );
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body?.push(chunk) === false) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#trailers = textsOf(controller.rawTrailers);
    this.#end(undefined);
    this.#body?.push(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end(this.#abortReason ?? error);
  }

  #end(error: Error | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#connectTimer);
    this.#call.signal.removeEventListener("abort", this.#onAbort);
    this.#release();
    if (error !== undefined) this.#body?.destroy(error);
    this.#call.onEnd(error);
  }

  /** Undici takes no request out of its queue: what one that was given up leaves there is small. */
  #release(): void {
    if (this.#options === undefined) return;
    const { body } = this.#options;
    Object.assign(this.#options, { headers: [], body: null });
    if (body instanceof Readable) body.destroy();
    this.#options = undefined;
  }
}

/** Raw fields of undici as one character a byte: names and values in turn. */
function textsOf(raw: Dispatcher.DispatchController["rawHeaders"]): readonly string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((text) => (typeof text === "string" ? text : text.toString("latin1")));
}

function ignore(): void {}
