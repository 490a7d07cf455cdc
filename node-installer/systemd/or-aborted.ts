/** What `promise` becomes, or a rejection with the reason of `signal` if that aborts first. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const settled = new AbortController();
  try {
    return await Promise.race([promise, whenAborted(signal, settled.signal)]);
  } finally {
    settled.abort();
  }
}

/** Rejects when `signal` aborts; never settles once `unless` has aborted. */
async function whenAborted(signal: AbortSignal, unless: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  function abort(): void {
    reject(signal.reason);
  }
  signal.addEventListener("abort", abort, { once: true, signal: unless });
  return promise;
}
