/** What a handler knows about its call beside the payload. */
export interface Call {
  /** By key in lower case. */
  readonly metadata: ReadonlyMap<string, readonly string[]>;
  /** Aborts when nobody waits for the answer any more: the deadline is over, the connection lost, the server closed. */
  readonly signal: AbortSignal;
  /** Aborts when the deadline is over, if there is one, also of a call whose connection was lost before. */
  readonly deadline: AbortSignal;
}

/**
 * Takes an encoded request and gives the encoded answer. What it throws becomes a status, see `statusFromError`.
 * `payload` shares its memory with what was received.
 */
export type Handler = (payload: Uint8Array, call: Call) => Promise<Uint8Array>;

/**
 * A method that waits for something to happen, maybe for days. It has a limit of its own, beyond which it is refused:
 * were it counted with the others, as many calls of Wait would keep the call of Kill from being read.
 */
export interface WaitingMethod {
  readonly waits: true;
  readonly handle: Handler;
}

export type Method = Handler | WaitingMethod;

/** Methods by the full name of a service. */
export type Services = Readonly<Record<string, Readonly<Record<string, Method>>>>;
