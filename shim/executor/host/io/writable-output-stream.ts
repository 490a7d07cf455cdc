import type { Writable } from "node:stream";
import { Wakers } from "../waitable.ts";
import { type IoError, STREAM_CLOSED, type StreamError, streamFailed } from "./io-error.ts";
import type { OutputStream } from "./output-stream.ts";

/** An output stream over a Node stream: it takes what fits below the stream's high-water mark. */
export class WritableOutputStream implements OutputStream {
  readonly #sink: Writable;
  readonly #describe: (error: Error) => IoError;
  readonly #wakers = new Wakers();
  #error: Error | undefined = undefined;
  /** What has failed is told once: from then on the stream is closed. */
  #isTold = false;
  #unsent = 0;
  #isFlushing = false;
  readonly #onEvent = (): void => {
    this.#wakers.wakeAll();
  };
  readonly #onError = (error: Error): void => {
    this.#error = error;
    this.#wakers.wakeAll();
  };
  readonly #onSent = (): void => {
    this.#unsent -= 1;
    if (this.#unsent > 0) return;
    this.#isFlushing = false;
    this.#wakers.wakeAll();
  };

  constructor(sink: Writable, describe: (error: Error) => IoError) {
    this.#sink = sink;
    this.#describe = describe;
    sink.on("drain", this.#onEvent).on("close", this.#onEvent).on("error", this.#onError);
  }

  permit(): number | StreamError {
    const end = this.#tell();
    if (end !== undefined) return end;
    return this.#room();
  }

  #room(): number {
    if (this.#isFlushing) return 0;
    return Math.max(0, this.#sink.writableHighWaterMark - this.#sink.writableLength);
  }

  write(bytes: Uint8Array): StreamError | undefined {
    const end = this.#tell();
    if (end !== undefined) return end;
    this.#unsent += 1;
    this.#sink.write(Buffer.from(bytes), this.#onSent);
    return undefined;
  }

  flush(): StreamError | undefined {
    this.#isFlushing = this.#unsent > 0;
    return this.#tell();
  }

  #tell(): StreamError | undefined {
    const end = this.#end();
    this.#isTold ||= end?.tag === "last-operation-failed";
    return end;
  }

  #end(): StreamError | undefined {
    if (this.#isTold) return STREAM_CLOSED;
    const error = this.#error ?? this.#sink.errored ?? undefined;
    if (error !== undefined) return streamFailed(this.#describe(error));
    return this.#sink.destroyed || this.#sink.writableEnded ? STREAM_CLOSED : undefined;
  }

  isFlushed(): boolean {
    return this.#unsent === 0;
  }

  isReady(): boolean {
    return this.#end() !== undefined || this.#room() > 0;
  }

  onReady(wake: () => void): () => void {
    return this.#wakers.add(wake);
  }

  close(): void {
    this.#sink.off("drain", this.#onEvent).off("close", this.#onEvent);
    if (this.isFlushed()) this.#sink.off("error", this.#onError);
  }
}
