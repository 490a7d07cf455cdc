import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "@rcm/lib/backoff";
import { CriConnection } from "./cri-connection.ts";
import { CriError } from "./cri-error.ts";
import { criStatus, type CriStatus } from "./cri-status.ts";

const POLL = { baseMs: 20, maxMs: 250 };

/**
 * Waits until CRI says that its runtime is ready, by a new connection for each attempt: one made before a restart of
 * containerd is of no use after it, and right after one the first answers are errors. The network need not be ready.
 *
 * @param wait.deadlineMs how long to wait, in milliseconds.
 * @throws {CriError} as the last attempt failed, for example `NOT_SERVED` if the configuration has broken the plug-in.
 */
export async function waitForCri(
  { socket, deadlineMs }: { readonly socket: string; readonly deadlineMs: number },
  signal: AbortSignal,
): Promise<CriStatus> {
  const deadline = AbortSignal.timeout(deadlineMs);
  const either = AbortSignal.any([signal, deadline]);
  let last: unknown;
  for (let attempt = 1; !either.aborted; attempt += 1) {
    try {
      return await askOnce(socket, either);
    } catch (error) {
      if (error instanceof CriError) last = error;
      else if (error !== either.reason) throw error;
    }
    await delay(backoffMs(POLL, attempt, Math.random()), undefined, { signal: either }).catch(() => undefined);
  }
  signal.throwIfAborted();
  throw notReady(socket, deadlineMs, last);
}

async function askOnce(socket: string, signal: AbortSignal): Promise<CriStatus> {
  const cri = new CriConnection(socket);
  try {
    const status = await criStatus(cri, signal);
    if (status.runtimeReady) return status;
    const detail = "its runtime is not ready";
    throw new CriError("FAILED", `Cannot use containerd's CRI: ${detail}`, { detail });
  } finally {
    cri.close();
  }
}

function notReady(socket: string, deadlineMs: number, last: unknown): CriError {
  const { code, detail } = last instanceof CriError ? last : { code: "TIMEOUT" as const, detail: "it does not answer" };
  const message = `Cannot reach CRI at "${socket}" within ${deadlineMs} ms: ${detail}`;
  return new CriError(code, message, { cause: last, detail });
}
