import type { Waitable } from "../waitable.ts";
import { STREAM_CLOSED, type StreamError } from "./io-error.ts";

/** The most that one read hands to the guest, however much it asks for. */
export const MAX_READ_BYTES = 1 << 20;

/** `wasi:io/streams.input-stream`. The bytes that `take` returns are read at once and never written. */
export interface InputStream extends Waitable {
  /**
   * At most `maxBytes` that are there now; `undefined` if none are yet; an error at the end. With 0 it takes none, and
   * tells only whether the end was reached.
   */
  take(maxBytes: number): Uint8Array | StreamError | undefined;
  /** The guest is done with it. */
  close(): void;
}

export function isStreamError(taken: Uint8Array | StreamError): taken is StreamError {
  return !(taken instanceof Uint8Array);
}

/** A stream of bytes that are all there from the beginning. */
export class BytesInputStream implements InputStream {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  take(maxBytes: number): Uint8Array | StreamError {
    if (this.#rest.length === 0) return STREAM_CLOSED;
    const taken = this.#rest.subarray(0, maxBytes);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  isReady(): boolean {
    return true;
  }

  onReady(wake: () => void): () => void {
    wake();
    return () => {};
  }

  close(): void {
    this.#rest = this.#rest.subarray(this.#rest.length);
  }
}
