import type { Waitable } from "../waitable.ts";
import type { StreamError } from "./io-error.ts";

/** `wasi:io/streams.output-stream` */
export interface OutputStream extends Waitable {
  /** Bytes that `write` takes now. 0: wait until it is ready. */
  permit(): number | StreamError;
  /** Takes at most `permit()` bytes. `bytes` is only lent: what is kept is copied. */
  write(bytes: Uint8Array): StreamError | undefined;
  /** Begins to send what was taken; until that has happened, `isFlushed()` is false and the stream not ready. */
  flush(): StreamError | undefined;
  isFlushed(): boolean;
  /** The guest is done with it. */
  close(): void;
}
