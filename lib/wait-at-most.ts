import { setTimeout as sleep } from "node:timers/promises";

/** Returns when `work` has succeeded, after `ms` milliseconds, or when `signal` aborts. @throws what `work` does. */
export async function waitAtMost(ms: number, work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => undefined);
  try {
    await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}
