/** A signal that aborts with another one or when its time is over. Call `clear` when the work is done. */
export interface Deadline {
  readonly signal: AbortSignal;
  clear(): void;
}

/**
 * Unlike `AbortSignal.any`, leaves nothing behind on a long-lived `signal` once it is cleared.
 *
 * @param expired makes the reason for the abort when `ms` milliseconds are over.
 */
export function createDeadline(ms: number, expired: () => Error, signal: AbortSignal): Deadline {
  const controller = new AbortController();
  function abort(): void {
    controller.abort(signal.reason);
  }
  const timer = setTimeout(() => {
    controller.abort(expired());
  }, ms);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    },
  };
}

/** Runs `work` with a deadline. Whatever `work` throws once its signal has aborted, the caller gets the reason. */
export async function withDeadline<R>(
  limit: { readonly ms: number; readonly expired: () => Error },
  work: (signal: AbortSignal) => Promise<R>,
  signal: AbortSignal,
): Promise<R> {
  const deadline = createDeadline(limit.ms, limit.expired, signal);
  try {
    deadline.signal.throwIfAborted();
    return await work(deadline.signal);
  } catch (error) {
    deadline.signal.throwIfAborted();
    throw error;
  } finally {
    deadline.clear();
  }
}
