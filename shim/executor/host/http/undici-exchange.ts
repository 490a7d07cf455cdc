import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { Exchange, type ExchangeClient } from "./exchange.ts";
import type { OutgoingCall } from "./outgoing-service.ts";

/** One exchange by undici. */
export class UndiciExchange implements Dispatcher.DispatchHandler, ExchangeClient {
  readonly #exchange: Exchange;
  /** What undici keeps while the exchange waits for a connection. */
  #options: Dispatcher.DispatchOptions | undefined = undefined;
  /** From when undici has a connection for the exchange. */
  #controller: Dispatcher.DispatchController | undefined = undefined;

  constructor(call: OutgoingCall, connectTimeoutMs: number) {
    this.#exchange = new Exchange(call, connectTimeoutMs, this);
    this.#exchange.checkSignal();
  }

  /** Hands the exchange to undici, unless it was given up by then. */
  dispatch(dispatcher: Dispatcher, options: Dispatcher.DispatchOptions): void {
    this.#options = options;
    if (this.#exchange.hasEnded) this.release();
    else dispatcher.dispatch(options, this);
  }

  /** The guest gets the reason's code. */
  giveUp(reason: Error): void {
    this.#exchange.abort(reason);
  }

  abort(reason: Error): void {
    this.#controller?.abort(reason);
  }

  resume(): void {
    if (this.#controller?.paused === true) this.#controller.resume();
  }

  /** Undici takes no request out of its queue: what one that was given up leaves there is small. */
  release(): void {
    if (this.#options === undefined) return;
    const { body } = this.#options;
    Object.assign(this.#options, { headers: [], body: null });
    if (body instanceof Readable) body.destroy();
    this.#options = undefined;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#exchange.connected();
    this.#options = undefined;
    this.#controller = controller;
    if (this.#exchange.abortReason !== undefined) controller.abort(this.#exchange.abortReason);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status >= 200) this.#exchange.respond(status, textsOf(controller.rawHeaders)); // Else the real one follows.
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#exchange.push(chunk)) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#exchange.endResponse(textsOf(controller.rawTrailers));
    this.#exchange.complete();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#exchange.fail(error);
  }
}

/** Raw fields of undici as one character a byte: names and values in turn. */
function textsOf(raw: Dispatcher.DispatchController["rawHeaders"]): readonly string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((text) => (typeof text === "string" ? text : text.toString("latin1")));
}
