import { MAX_TIMER_MS } from "../max-timer.ts";

const NS_PER_MS = 1_000_000n;

/** `wasi:http/types.request-options`, in nanoseconds; `undefined`: the host's own. */
export class RequestOptions {
  connectTimeoutNs: bigint | undefined = undefined;
  firstByteTimeoutNs: bigint | undefined = undefined;
  betweenBytesTimeoutNs: bigint | undefined = undefined;
}

/** A guest's limit of time for timers: at least one millisecond, at most 24 days. */
export function timerMsFrom(durationNs: bigint | undefined): number | undefined {
  if (durationNs === undefined) return undefined;
  return Math.min(MAX_TIMER_MS, Math.max(1, Number(durationNs / NS_PER_MS)));
}
