import { type InputStream, isStreamError } from "../io/input-stream.ts";
import { IoError, type StreamError, streamFailed } from "../io/io-error.ts";
import type { BodySource } from "./incoming-body.ts";

/** An input stream that fails when more bytes come than may. */
export class LimitedInputStream implements InputStream {
  readonly #inner: InputStream;
  readonly #maxBytes: number;
  readonly #tooLong: BodySource["tooLong"];
  #bytes = 0;

  constructor(inner: InputStream, maxBytes: number, tooLong: BodySource["tooLong"]) {
    this.#inner = inner;
    this.#maxBytes = maxBytes;
    this.#tooLong = tooLong;
  }

  take(maxBytes: number): Uint8Array | StreamError | undefined {
    if (this.#bytes > this.#maxBytes) return this.#failure();
    const taken = this.#inner.take(maxBytes);
    if (taken === undefined || isStreamError(taken)) return taken;
    this.#bytes += taken.length;
    return this.#bytes > this.#maxBytes ? this.#failure() : taken;
  }

  #failure(): StreamError {
    const code = { tag: this.#tooLong, val: BigInt(this.#maxBytes) };
    return streamFailed(new IoError(`The body has more than ${this.#maxBytes} bytes`, "http", code));
  }

  isReady(): boolean {
    return this.#bytes > this.#maxBytes || this.#inner.isReady();
  }

  onReady(wake: () => void): () => void {
    return this.#inner.onReady(wake);
  }

  close(): void {
    this.#inner.close();
  }
}
