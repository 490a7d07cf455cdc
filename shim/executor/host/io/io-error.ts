/** `wasi:io/error.error`: what went wrong with a stream. Other interfaces ask it for their own code. */
export class IoError {
  readonly message: string;
  /** The interface that made the stream, whose code it is. */
  readonly source: "io" | "filesystem" | "http" | "sockets";
  readonly code: object | string | undefined;

  constructor(message: string, source: IoError["source"] = "io", code?: object | string) {
    this.message = message;
    this.source = source;
    this.code = code;
  }

  /** The code, if this error comes from `source`; else `undefined`. */
  codeFor(source: IoError["source"]): object | string | undefined {
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
