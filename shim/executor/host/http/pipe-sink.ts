import { Readable } from "node:stream";
import { Wakers } from "../waitable.ts";
import type { BodySink } from "./body-sink.ts";
import { HttpError } from "./error-code.ts";

const BUFFER_BYTES = 64 << 10;

export interface PipeOptions {
  /** Called once, when the last of the body is in the stream, or never will be. */
  readonly onDone?: (error: Error | undefined) => void;
}

/** A body that a guest writes, as a stream that somebody else reads. */
export class PipeSink implements BodySink {
  readonly stream: Readable;
  readonly #options: PipeOptions;
  readonly #drained = new Wakers();
  #trailers: readonly string[] = [];
  #isHeadFirst = false;
  #isDone = false;

  constructor(options: PipeOptions = {}) {
    const wake = (): void => {
      this.#drained.wakeAll();
    };
    this.#options = options;
    this.stream = new Readable({ highWaterMark: BUFFER_BYTES, read: wake });
    this.stream
      .on("close", () => {
        if (!this.stream.readableEnded) this.#done(this.failure());
        wake();
      })
      .on("error", wake);
  }

  /** Names and values in turn. */
  get trailers(): readonly string[] {
    return this.#trailers;
  }

  begin(): void {
    this.#isHeadFirst = true;
  }

  /** Whether the head shall go out though nothing of the body is there. */
  get isHeadFirst(): boolean {
    return this.#isHeadFirst;
  }

  write(chunk: Buffer): void {
    this.stream.push(chunk);
  }

  queuedBytes(): number {
    return this.stream.readableLength;
  }

  onDrain(listener: () => void): () => void {
    return this.#drained.add(listener);
  }

  failure(): Error | undefined {
    if (this.stream.errored !== null) return this.stream.errored;
    if (this.stream.destroyed && !this.stream.readableEnded) return new HttpError({ tag: "connection-terminated" });
    return undefined;
  }

  end(rest: readonly Buffer[], trailers: readonly string[] | undefined): void {
    this.#trailers = trailers ?? [];
    for (const chunk of rest) this.stream.push(chunk);
    this.stream.push(null);
    this.#done(undefined);
  }

  abort(reason: Error): void {
    this.stream.destroy(reason);
    this.#done(reason);
  }

  #done(error: Error | undefined): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#options.onDone?.(error);
  }
}
