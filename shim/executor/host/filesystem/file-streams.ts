import { readSync, writeSync } from "node:fs";
import type { InputStream } from "../io/input-stream.ts";
import { IoError, STREAM_CLOSED, type StreamError, streamFailed } from "../io/io-error.ts";
import type { OutputStream } from "../io/output-stream.ts";
import { ALWAYS_READY } from "../waitable.ts";
import { filesystemErrorCode } from "./error-code.ts";
import type { FileHandle } from "./file-handle.ts";

/** Files are read and written at once, by pieces so small that the others do not notice. */
const PIECE_BYTES = 256 << 10;

/** `read-via-stream` */
export class FileInputStream implements InputStream {
  readonly #file: FileHandle;
  #offset: number;
  #failure: StreamError | undefined = undefined;

  constructor(file: FileHandle, offset: number) {
    this.#file = file;
    this.#offset = offset;
  }

  take(maxBytes: number): Uint8Array | StreamError {
    if (this.#failure !== undefined) return this.#failure;
    const buffer = Buffer.allocUnsafeSlow(Math.min(maxBytes, PIECE_BYTES));
    try {
      const bytes = readSync(this.#file.fd, buffer, 0, buffer.length, this.#offset);
      this.#offset += bytes;
      return bytes === 0 ? STREAM_CLOSED : buffer.subarray(0, bytes);
    } catch (error) {
      this.#failure = streamErrorOf(error);
      return this.#failure;
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
  #failure: StreamError | undefined = undefined;

  constructor(file: FileHandle, offset: number | "end") {
    this.#file = file;
    this.#offset = offset;
  }

  permit(): number | StreamError {
    return this.#failure ?? PIECE_BYTES;
  }

  write(bytes: Uint8Array): StreamError | undefined {
    if (this.#failure !== undefined) return this.#failure;
    try {
      for (let done = 0; done < bytes.length;) done += this.#writeSome(bytes, done);
      return undefined;
    } catch (error) {
      this.#failure = streamErrorOf(error);
      return this.#failure;
    }
  }

  #writeSome(bytes: Uint8Array, from: number): number {
    const position = this.#offset === "end" ? null : this.#offset;
    const written = writeSync(this.#file.fd, bytes, from, bytes.length - from, position);
    if (this.#offset !== "end") this.#offset += written;
    return written;
  }

  flush(): StreamError | undefined {
    return this.#failure;
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
