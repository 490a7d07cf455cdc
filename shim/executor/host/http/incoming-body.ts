import type { Readable } from "node:stream";
import { BytesInputStream, type InputStream } from "../io/input-stream.ts";
import { IoError } from "../io/io-error.ts";
import { ReadableInputStream } from "../io/readable-input-stream.ts";
import { type Waitable, Wakers } from "../waitable.ts";
import { BodyInputStream } from "./body-input-stream.ts";
import { type HttpErrorCode, HttpError, httpErrorCode } from "./error-code.ts";
import type { Fields } from "./fields.ts";

const NO_BYTES = new Uint8Array(0);

/** The body of a message that comes in, as the server or the client has it. */
export interface BodySource {
  /** `undefined`: the message has no body. */
  readonly stream: Readable | undefined;
  readonly maxBytes: number;
  /** The code for a body longer than `maxBytes`. */
  readonly tooLong: "HTTP-request-body-size" | "HTTP-response-body-size";
  /** After the end: the trailers, if there are any. */
  trailers(): Fields | undefined;
}

/** `wasi:http/types.incoming-body` */
export class IncomingBody {
  readonly #source: BodySource;
  #stream: BodyInputStream | undefined = undefined;

  constructor(source: BodySource) {
    this.#source = source;
  }

  /** `stream` of the interface: once. */
  openStream(): InputStream | undefined {
    if (this.#stream !== undefined) return undefined;
    const { stream, maxBytes, tooLong } = this.#source;
    const input = stream === undefined ? new BytesInputStream(NO_BYTES) : new ReadableInputStream(stream, describe);
    this.#stream = new BodyInputStream(input, maxBytes, tooLong);
    return this.#stream;
  }

  /** Whether somebody may still read it. */
  get isStreamOpen(): boolean {
    return this.#stream?.isOpen === true;
  }

  /** Gives up the rest of the body, and waits for the trailers. */
  finish(): FutureTrailers {
    this.drop();
    return new FutureTrailers(this.#source);
  }

  /** The rest is read and thrown away, so that the connection can be used again. */
  drop(): void {
    const { stream } = this.#source;
    if (stream !== undefined && !stream.readableEnded && !stream.destroyed) stream.resume();
  }
}

function describe(error: Error | undefined): IoError {
  const code: HttpErrorCode = error === undefined ? { tag: "connection-terminated" } : httpErrorCode(error);
  return new IoError(error?.message ?? "The connection ended before the body", "http", code);
}

/** `wasi:http/types.future-trailers` */
export class FutureTrailers implements Waitable {
  readonly #source: BodySource;
  readonly #wakers = new Wakers();
  #isTaken = false;

  constructor(source: BodySource) {
    this.#source = source;
    const wakeAll = (): void => {
      this.#wakers.wakeAll();
    };
    source.stream?.once("end", wakeAll).once("close", wakeAll).once("error", wakeAll);
  }

  /** The trailers or the error, once; then `"taken"`; before the end `undefined`. */
  take(): { readonly trailers: Fields | undefined } | HttpErrorCode | "taken" | undefined {
    if (this.#isTaken) return "taken";
    if (!this.isReady()) return undefined;
    this.#isTaken = true;
    const { stream } = this.#source;
    if (stream !== undefined && !stream.readableEnded) {
      return httpErrorCode(stream.errored ?? new HttpError({ tag: "connection-terminated" }));
    }
    return { trailers: this.#source.trailers() };
  }

  isReady(): boolean {
    const { stream } = this.#source;
    return stream === undefined || stream.readableEnded || stream.destroyed || stream.errored !== null;
  }

  onReady(wake: () => void): () => void {
    return this.#wakers.add(wake);
  }
}
