/** `wasi:io/error.error`: what went wrong with a stream. Other interfaces ask it for their own code. */
export class IoError {
  readonly message: string;
  /** The code in the interface that made the stream: `filesystem`, `http`, `sockets`. */
  readonly source: string;
  readonly code: unknown;

  constructor(message: string, source = "io", code: unknown = undefined) {
    this.message = message;
    this.source = source;
    this.code = code;
  }

  /** The code, if this error comes from `source`; else `undefined`. */
  codeFor(source: string): unknown {
    return this.source === source ? this.code : undefined;
  }
}

/** `wasi:io/streams.stream-error` */
export type StreamError = { readonly tag: "closed" } | { readonly tag: "last-operation-failed"; readonly val: IoError };

export const STREAM_CLOSED: StreamError = { tag: "closed" };

/** The stream's error for `error`. */
export function streamFailed(error: IoError): StreamError {
  return { tag: "last-operation-failed", val: error };
}
