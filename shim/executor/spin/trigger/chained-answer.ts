import { type HttpErrorCode, HttpError } from "../../host/http/error-code.ts";
import { Fields } from "../../host/http/fields.ts";
import { IncomingResponse, type OutgoingResponse } from "../../host/http/messages.ts";
import type { OutgoingCall } from "../../host/http/outgoing-service.ts";
import { PipeSink } from "../../host/http/pipe-sink.ts";
import { type Answer, faultOf } from "../../server/answer.ts";

/** The answer to a request that a guest of the application made. */
export class ChainedAnswer implements Answer {
  readonly #call: OutgoingCall;
  readonly #onDone: () => void;
  #pipe: PipeSink | undefined = undefined;
  #isDone = false;
  errorCode: HttpErrorCode | undefined = undefined;

  /** @param onDone - called once, when there is nothing more to answer. */
  constructor(call: OutgoingCall, onDone: () => void) {
    this.#call = call;
    this.#onDone = onDone;
  }

  get isSet(): boolean {
    return this.#pipe !== undefined || this.errorCode !== undefined;
  }

  /** Also if nobody waits for it any longer. */
  isWhole(): boolean {
    return this.#isDone;
  }

  isBroken(): boolean {
    return this.isSet && !this.#isDone;
  }

  closeAfter(): void {}

  /** Nobody can see it. */
  informational(): undefined {
    return undefined;
  }

  respond(response: OutgoingResponse): void {
    this.errorCode = faultOf(response, this.#call.method);
    if (this.errorCode !== undefined) return;
    const pipe = this.#begin(response.status, response.headers);
    if (response.body === undefined) pipe.end([], undefined);
    else response.body.attach(pipe);
  }

  fail(code: HttpErrorCode): void {
    this.errorCode = code;
  }

  reply(status: number, headers: readonly string[], body: Buffer): void {
    if (this.#isDone) return;
    const fields = Fields.ofMessage([...headers, "content-length", String(body.length)], this.#call.maxFieldBytes);
    this.#begin(status, fields).end([body], undefined);
  }

  refuse(status: number, text: string): void {
    if (this.#pipe === undefined) this.reply(status, ["content-type", "text/plain"], Buffer.from(`${text}\n`));
    else this.#pipe.abort(new HttpError({ tag: "connection-terminated" }));
  }

  /** Whoever asked does not want the answer any more. */
  giveUp(reason: Error): void {
    this.#done(reason);
    this.#pipe?.abort(reason);
  }

  #begin(status: number, headers: Fields): PipeSink {
    const pipe = new PipeSink({
      onDone: (error) => {
        this.#done(error);
      },
    });
    pipe.stream.on("error", ignore); // Whoever reads it asks for the error; nobody may.
    this.#pipe = pipe;
    const { maxFieldBytes } = this.#call;
    this.#call.onResponse(
      new IncomingResponse(status, headers.asImmutable(), {
        stream: pipe.stream,
        maxBytes: Number.POSITIVE_INFINITY,
        tooLong: "HTTP-response-body-size",
        trailers: () => (pipe.trailers.length === 0 ? undefined : Fields.ofMessage(pipe.trailers, maxFieldBytes)),
      }),
    );
    return pipe;
  }

  #done(error: Error | undefined): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#call.onEnd(error);
    this.#onDone();
  }
}

function ignore(): void {}
