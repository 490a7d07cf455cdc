import { SystemdError } from "./systemd-error.ts";

/**
 * Runs `work` with a signal that aborts when `signal` does or `timeoutMs` have passed.
 *
 * @throws {SystemdError} `TIMEOUT` for the latter: `Cannot <task>: no answer within <timeoutMs> ms`.
 */
export async function withDeadline<T>(
  { task, timeoutMs }: { readonly task: string; readonly timeoutMs: number },
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    return await work(AbortSignal.any([signal, deadline]));
  } catch (error) {
    if (error !== deadline.reason) throw error;
    throw new SystemdError("TIMEOUT", `Cannot ${task}: no answer within ${timeoutMs} ms`, { cause: error });
  }
}
