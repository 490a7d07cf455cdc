import { readSync, writeSync } from "node:fs";
import type { InputStream } from "../io/input-stream.ts";
import { IoError, STREAM_CLOSED, type StreamError, streamFailed } from "../io/io-error.ts";
import type { OutputStream } from "../io/output-stream.ts";
import { ALWAYS_READY } from "../waitable.ts";
import { filesystemErrorCode } from "./error-code.ts";
import type { FileHandle } from "./file-handle.ts";

/** Files are read and written at once, by pieces so small that the others do not notice. */
const PIECE_BYTES = 256 << 10;
const NOTHING = new Uint8Array(0);

/** `read-via-stream` */
export class FileInputStream implements InputStream {
  readonly #file: FileHandle;
  #offset: bigint;
  /** Set when something has failed, which is told once. */
  #closed: StreamError | undefined = undefined;
  /** Whether the last read found no more. Another one looks again: the file may have grown. */
  #isAtEnd = false;

  constructor(file: FileHandle, offset: bigint) {
    this.#file = file;
    this.#offset = offset;
  }

  take(maxBytes: number): Uint8Array | StreamError {
    if (this.#closed !== undefined) return this.#closed;
    if (maxBytes === 0) return this.#isAtEnd ? STREAM_CLOSED : NOTHING;
    const buffer = Buffer.allocUnsafeSlow(Math.min(maxBytes, PIECE_BYTES));
    try {
      const bytes = readSync(this.#file.fd, buffer, 0, buffer.length, this.#offset);
      this.#offset += BigInt(bytes);
      this.#isAtEnd = bytes === 0;
      return bytes === 0 ? STREAM_CLOSED : buffer.subarray(0, bytes);
    } catch (error) {
      this.#closed = STREAM_CLOSED;
      return streamErrorOf(error);
    }
  }

  isReady(): boolean {
    return true;
  }

  onReady(wake: () => void): () => void {
    return ALWAYS_READY.onReady(wake);
  }

  close(): void {
    this.#file.release();
  }
}

/** `write-via-stream`, and `append-via-stream` for `"end"`. */
export class FileOutputStream implements OutputStream {
  readonly #file: FileHandle;
  #offset: number | "end";
  /** Set when something has failed, which is told once. */
  #closed: StreamError | undefined = undefined;

  constructor(file: FileHandle, offset: number | "end") {
    this.#file = file;
    this.#offset = offset;
  }

  permit(): number | StreamError {
    return this.#closed ?? PIECE_BYTES;
  }

  write(bytes: Uint8Array): StreamError | undefined {
    if (this.#closed !== undefined) return this.#closed;
    try {
      for (let done = 0; done < bytes.length;) done += this.#writeSome(bytes, done);
      return undefined;
    } catch (error) {
      this.#closed = STREAM_CLOSED;
      return streamErrorOf(error);
    }
  }

  #writeSome(bytes: Uint8Array, from: number): number {
    const position = this.#offset === "end" ? null : this.#offset;
    const written = writeSync(this.#file.fd, bytes, from, bytes.length - from, position);
    if (this.#offset !== "end") this.#offset += written;
    return written;
  }

  flush(): StreamError | undefined {
    return this.#closed;
  }

  isFlushed(): boolean {
    return true;
  }

  isReady(): boolean {
    return true;
  }

  onReady(wake: () => void): () => void {
    return ALWAYS_READY.onReady(wake);
  }

  close(): void {
    this.#file.release();
  }
}

function streamErrorOf(error: unknown): StreamError {
  const message = error instanceof Error ? error.message : "The file failed";
  return streamFailed(new IoError(message, "filesystem", filesystemErrorCode(error) ?? "io"));
}
