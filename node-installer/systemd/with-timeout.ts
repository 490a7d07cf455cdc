import { withDeadline } from "@rcm/lib/deadline";
import { SystemdError } from "./systemd-error.ts";

/**
 * Runs `work` with a signal that aborts when `signal` does or `timeoutMs` have passed.
 *
 * @throws {SystemdError} `TIMEOUT` for the latter: `Cannot <task>: no answer within <timeoutMs> ms`.
 */
export async function withTimeout<T>(
  { task, timeoutMs }: { readonly task: string; readonly timeoutMs: number },
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const message = `Cannot ${task}: no answer within ${timeoutMs} ms`;
  return withDeadline({ ms: timeoutMs, expired: () => new SystemdError("TIMEOUT", message) }, work, signal);
}
