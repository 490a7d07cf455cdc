/** Where an outgoing body goes: the response of a server, or the request of a client. */
export interface BodySink {
  /** Sends what goes before the body, if that has not gone yet: the body takes its time. */
  begin(): void;
  /** Sends or queues the chunk, which is the sink's from now on. */
  write(chunk: Buffer): void;
  /** Bytes queued and not yet taken by the kernel. */
  queuedBytes(): number;
  /** Calls `listener` when `queuedBytes` sank, or the sink failed. Returns a function that takes this back. */
  onDrain(listener: () => void): () => void;
  /** Why it takes no more, if so. */
  failure(): Error | undefined;
  /** The body is whole: `rest` is the last of it. */
  end(rest: readonly Buffer[], trailers: readonly string[] | undefined): void;
  /** The body will never be whole. */
  abort(reason: Error): void;
}
