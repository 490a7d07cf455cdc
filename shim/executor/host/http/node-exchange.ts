import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { HttpError } from "./error-code.ts";
import { Exchange, type ExchangeClient } from "./exchange.ts";
import type { OutgoingCall } from "./outgoing-service.ts";
import type { PipeSink } from "./pipe-sink.ts";
import { sentTrailers } from "./trailer-fields.ts";

export interface ExchangeTimes {
  readonly connectMs: number;
  /** From the connection, or the last bytes of the request, to the head of the response. */
  readonly firstByteMs: number;
  /** While the guest reads the body and none comes. */
  readonly betweenBytesMs: number;
}

/** One exchange by node:http. */
export class NodeExchange implements ExchangeClient {
  readonly #call: OutgoingCall;
  readonly #exchange: Exchange;
  readonly #sink: PipeSink;
  readonly #times: ExchangeTimes;
  #request: ClientRequest | undefined = undefined;
  #response: IncomingMessage | undefined = undefined;
  /** For the next bytes of the response. */
  #timer: NodeJS.Timeout | undefined = undefined;

  /** @param sink has, or gets, the body of the request. */
  constructor(call: OutgoingCall, sink: PipeSink, times: ExchangeTimes) {
    this.#call = call;
    this.#sink = sink;
    this.#times = times;
    this.#exchange = new Exchange(call, times.connectMs, this);
    this.#exchange.checkSignal();
  }

  /** Sends the request, unless it was given up by then. */
  send(open: () => ClientRequest): void {
    if (this.#exchange.hasEnded) return;
    const request = open();
    this.#request = request;
    request.on("socket", (socket: Socket) => {
      if (request.reusedSocket) this.#connected();
      else {
        socket.once("encrypted" in socket ? "secureConnect" : "connect", () => {
          this.#connected();
        });
      }
    });
    request.on("response", (response) => {
      this.#receive(request, response);
    });
    request.on("error", (error) => {
      this.#exchange.fail(error);
    });
    request.flushHeaders();
    this.#sendBody(request);
  }

  /** The guest gets the reason's code. */
  giveUp(reason: Error): void {
    this.#exchange.abort(reason);
  }

  abort(reason: Error): void {
    this.#request?.destroy(reason);
  }

  resume(): void {
    if (this.#response?.isPaused() !== true) return;
    this.#wait(this.#times.betweenBytesMs, "connection-read-timeout");
    this.#response.resume();
  }

  release(): void {
    clearTimeout(this.#timer);
    this.#sink.stream.destroy();
  }

  #connected(): void {
    this.#exchange.connected();
    this.#wait(this.#times.firstByteMs, "HTTP-response-timeout");
  }

  #sendBody(request: ClientRequest): void {
    const { stream } = this.#sink;
    stream.on("data", (chunk: Buffer) => {
      if (this.#response === undefined) this.#timer?.refresh();
      if (!request.write(chunk)) stream.pause();
    });
    request.on("drain", () => {
      stream.resume();
    });
    stream.once("end", () => {
      request.addTrailers(sentTrailers(this.#call.headers, this.#sink.trailers));
      request.end();
    });
    stream.once("error", (error) => {
      this.#exchange.abort(error);
    });
    if (stream.errored !== null) this.#exchange.abort(stream.errored);
  }

  #receive(request: ClientRequest, response: IncomingMessage): void {
    this.#response = response;
    this.#exchange.respond(response.statusCode ?? 0, response.rawHeaders);
    this.#wait(this.#times.betweenBytesMs, "connection-read-timeout");
    response.on("data", (chunk: Buffer) => {
      this.#timer?.refresh();
      if (this.#exchange.push(chunk)) return;
      clearTimeout(this.#timer);
      response.pause();
    });
    response.once("end", () => {
      clearTimeout(this.#timer);
      this.#exchange.endResponse(response.rawTrailers);
    });
    // Comes after both are whole, and before the error of a response that is not.
    request.once("close", () => {
      if (response.complete) this.#exchange.complete();
      else this.#exchange.fail(new HttpError({ tag: "connection-terminated" }));
    });
    response.once("error", (error) => {
      this.#exchange.fail(error);
    });
  }

  #wait(ms: number, tag: "HTTP-response-timeout" | "connection-read-timeout"): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#exchange.abort(new HttpError({ tag }));
    }, ms);
  }
}
