/** What one thread and one request may take. */
export interface ServerLimits {
  /** That serve, where there are as many processors and the load is high enough. */
  readonly maxThreads: number;
  /** From the head of the request to the end of the guest. */
  readonly requestMs: number;
  /** Time in which the guest computes; waiting does not count. */
  readonly computeMs: number;
  /** Guests at work or waiting, at a time. */
  readonly maxConcurrent: number;
  /** Requests that wait for their turn; those beyond are answered 503 at once. */
  readonly maxQueued: number;
  /** How long a request waits for its turn before it is answered 503. */
  readonly queueMs: number;
  readonly maxRequestBodyBytes: number;
  /** All fields of one request together. */
  readonly maxHeaderBytes: number;
  /**
   * After the signal to stop: requests are taken until none has come for so long, and while they come for four times as
   * long at most. Who sends them learns only little by little that the pod goes. Within `graceMs`; 0: none is taken.
   */
  readonly lingerMs: number;
  /** After the signal to stop: time for running requests to end by themselves. */
  readonly graceMs: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  maxThreads: 16,
  requestMs: 300_000,
  computeMs: 30_000,
  maxConcurrent: 128,
  maxQueued: 1024,
  queueMs: 30_000,
  maxRequestBodyBytes: Number.POSITIVE_INFINITY,
  maxHeaderBytes: 64 << 10,
  lingerMs: 2000, // Kube-proxy brings its rules up to date once a second.
  graceMs: 25_000,
};
