/** What a fetch may use. */
export interface FetchLimits {
  /** Of what is downloaded, in bytes. */
  readonly maxArchiveBytes: number;
  /** Of the executable, in bytes. */
  readonly maxBinaryBytes: number;
  /** Until a connection, with TLS, is there. */
  readonly connectTimeoutMs: number;
  /** Without a byte from the server. */
  readonly idleTimeoutMs: number;
  /** For everything: all attempts and the unpacking. */
  readonly totalTimeoutMs: number;
  /** Downloads that are tried, at least 1. */
  readonly attempts: number;
  /** Delay before the second attempt; doubles with each, up to 30 s. */
  readonly retryDelayMs: number;
}

export const DEFAULT_LIMITS: FetchLimits = {
  maxArchiveBytes: 512 * 1024 * 1024,
  maxBinaryBytes: 1024 * 1024 * 1024,
  connectTimeoutMs: 10_000,
  idleTimeoutMs: 30_000,
  totalTimeoutMs: 600_000,
  attempts: 5,
  retryDelayMs: 1000,
};
