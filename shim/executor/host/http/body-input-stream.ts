import { type InputStream, isStreamError } from "../io/input-stream.ts";
import { IoError, STREAM_CLOSED, type StreamError, streamFailed } from "../io/io-error.ts";
import type { BodySource } from "./incoming-body.ts";

/** The stream of a body that comes in: says whether the guest still has it, and fails when more bytes come than may. */
export class BodyInputStream implements InputStream {
  readonly #inner: InputStream;
  readonly #maxBytes: number;
  readonly #tooLong: BodySource["tooLong"];
  #bytes = 0;
  /** That it is too long is told once: from then on the stream is closed. */
  #isTold = false;
  #isOpen = true;

  constructor(inner: InputStream, maxBytes: number, tooLong: BodySource["tooLong"]) {
    this.#inner = inner;
    this.#maxBytes = maxBytes;
    this.#tooLong = tooLong;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  take(maxBytes: number): Uint8Array | StreamError | undefined {
    if (this.#bytes > this.#maxBytes) return this.#failure();
    const taken = this.#inner.take(maxBytes);
    if (taken === undefined || isStreamError(taken)) return taken;
    this.#bytes += taken.length;
    return this.#bytes > this.#maxBytes ? this.#failure() : taken;
  }

  #failure(): StreamError {
    if (this.#isTold) return STREAM_CLOSED;
    this.#isTold = true;
    const code = { tag: this.#tooLong, val: BigInt(this.#maxBytes) };
    return streamFailed(new IoError(`The body has more than ${this.#maxBytes} bytes`, "http", code));
  }

  /** One that was closed is ready: a pollable that outlives it would wait for ever. */
  isReady(): boolean {
    return !this.#isOpen || this.#bytes > this.#maxBytes || this.#inner.isReady();
  }

  onReady(wake: () => void): () => void {
    return this.#inner.onReady(wake);
  }

  close(): void {
    this.#isOpen = false;
    this.#inner.close();
  }
}
