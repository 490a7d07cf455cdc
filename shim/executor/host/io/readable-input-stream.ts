import type { Readable } from "node:stream";
import { Wakers } from "../waitable.ts";
import type { InputStream } from "./input-stream.ts";
import { type IoError, STREAM_CLOSED, type StreamError, streamFailed } from "./io-error.ts";

/**
 * An input stream over a Node stream. It pulls: while the guest does not read, Node's buffer fills up to its high-water
 * mark and the source is held back.
 */
export class ReadableInputStream implements InputStream {
  readonly #source: Readable;
  readonly #describe: (error: Error | undefined) => IoError;
  readonly #wakers = new Wakers();
  readonly #onEvent = (): void => {
    this.#wakers.wakeAll();
  };
  #rest: Uint8Array | undefined = undefined;
  #error: Error | undefined = undefined;
  readonly #onError = (error: Error): void => {
    this.#error = error;
    this.#wakers.wakeAll();
  };

  /** @param describe - the guest's error for a source that failed, or was cut off (`undefined`). */
  constructor(source: Readable, describe: (error: Error | undefined) => IoError) {
    this.#source = source;
    this.#describe = describe;
    source.on("readable", this.#onEvent).on("end", this.#onEvent).on("close", this.#onEvent);
    source.on("error", this.#onError);
  }

  take(maxBytes: number): Uint8Array | StreamError | undefined {
    const chunk: Uint8Array | null = this.#rest ?? this.#read();
    if (chunk === null) return this.#end();
    if (chunk.length <= maxBytes) {
      this.#rest = undefined;
      return chunk;
    }
    this.#rest = chunk.subarray(maxBytes);
    return chunk.subarray(0, maxBytes);
  }

  #read(): Uint8Array | null {
    const chunk: unknown = this.#source.read();
    return chunk instanceof Uint8Array ? chunk : null;
  }

  #end(): StreamError | undefined {
    if (this.#source.readableEnded) return STREAM_CLOSED;
    const error = this.#error ?? this.#source.errored ?? undefined;
    if (error === undefined && !this.#source.destroyed) return undefined;
    return streamFailed(this.#describe(error));
  }

  isReady(): boolean {
    return this.#rest !== undefined || this.#source.readableLength > 0 || this.#end() !== undefined;
  }

  onReady(wake: () => void): () => void {
    // Asks the source for bytes: without a read that found none, Node does not fetch more.
    if (!this.isReady()) this.#source.read(0);
    return this.#wakers.add(wake);
  }

  close(): void {
    this.#source.off("readable", this.#onEvent).off("end", this.#onEvent).off("close", this.#onEvent);
    this.#wakers.wakeAll();
  }
}
