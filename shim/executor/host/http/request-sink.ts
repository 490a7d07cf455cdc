import { Readable } from "node:stream";
import type { BodySink } from "./body-sink.ts";
import { HttpError } from "./error-code.ts";

const BUFFER_BYTES = 64 << 10;

/** The body of an outgoing request, as a stream that undici reads. */
export class RequestSink implements BodySink {
  readonly stream: Readable;
  readonly #drained: (() => void)[] = [];

  constructor() {
    const wake = (): void => {
      for (const listener of this.#drained) listener();
    };
    this.stream = new Readable({ highWaterMark: BUFFER_BYTES, read: wake });
    this.stream.on("close", wake).on("error", wake);
  }

  write(chunk: Buffer): void {
    this.stream.push(chunk);
  }

  queuedBytes(): number {
    return this.stream.readableLength;
  }

  onDrain(listener: () => void): () => void {
    this.#drained.push(listener);
    return () => {
      this.#drained.splice(this.#drained.indexOf(listener), 1);
    };
  }

  failure(): Error | undefined {
    if (this.stream.errored !== null) return this.stream.errored;
    if (this.stream.destroyed && !this.stream.readableEnded) return new HttpError({ tag: "connection-terminated" });
    return undefined;
  }

  end(rest: readonly Buffer[], trailers: readonly string[] | undefined): void {
    if (trailers !== undefined && trailers.length > 0) {
      // The client library sends none. The peer must not take the message for whole without them.
      this.abort(new HttpError({ tag: "internal-error", val: "Trailers of a request are not supported" }));
      return;
    }
    for (const chunk of rest) this.stream.push(chunk);
    this.stream.push(null);
  }

  abort(reason: Error): void {
    this.stream.destroy(reason);
  }
}
