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
  #isCutOff = false;
  /** What has failed is told once: from then on the stream is closed. */
  #isTold = false;
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
    if (this.#isCutOff) return STREAM_CLOSED;
    return this.#read(maxBytes) ?? this.#tell();
  }

  #tell(): StreamError | undefined {
    const end = this.#end();
    this.#isTold ||= end?.tag === "last-operation-failed";
    return end;
  }

  /** What the guest does not take stays in the source: the next stream over it goes on from there. */
  #read(maxBytes: number): Uint8Array | undefined {
    if (maxBytes === 0) return undefined;
    const length = this.#source.readableLength;
    const chunk: unknown = this.#source.read(length > maxBytes ? maxBytes : undefined);
    return chunk instanceof Uint8Array ? chunk : undefined;
  }

  #end(): StreamError | undefined {
    if (this.#isCutOff || this.#isTold || this.#source.readableEnded) return STREAM_CLOSED;
    const error = this.#error ?? this.#source.errored ?? undefined;
    if (error === undefined && !this.#source.destroyed) return undefined;
    return streamFailed(this.#describe(error));
  }

  isReady(): boolean {
    return this.#source.readableLength > 0 || this.#end() !== undefined;
  }

  onReady(wake: () => void): () => void {
    // Asks the source for bytes: without a read that found none, Node does not fetch more.
    if (!this.isReady()) this.#source.read(0);
    return this.#wakers.add(wake);
  }

  /** The stream ends here; what the source still brings is thrown away, so that its sender is not held up. */
  cutOff(): void {
    if (this.#isCutOff) return;
    this.#isCutOff = true;
    this.close(); // While somebody listens for "readable", the source does not flow.
    this.#source.resume();
  }

  close(): void {
    this.#source.off("readable", this.#onEvent).off("end", this.#onEvent).off("close", this.#onEvent);
    this.#wakers.wakeAll();
  }
}
