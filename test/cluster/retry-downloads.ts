import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "@rcm/lib/backoff";
import { messageOf } from "@rcm/lib/errors";
import { ClusterError } from "./cluster-error.ts";

const TRIES = 4;
const BACKOFF = { baseMs: 4000, maxMs: 30_000 };

/** How npm, pip, cargo, rustup and go say that it was the network, or the server at its other end. */
const FAILURES = [
  /\b(?:ECONNRESET|ECONNREFUSED|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b/,
  /\b(?:network|timeout|timed out|unexpected EOF|stream error|TLS handshake|dial tcp|too many requests)\b/i,
  /\b(?:connection (?:reset|refused|closed|aborted)|could not resolve|temporary failure in name resolution)\b/i,
  /\b(?:failed to download|failed to fetch|could not download)\b|": EOF\b|\b50[0234] [A-Z]/i,
];

/**
 * Does what downloads something again where the network has failed it: four times in all, with pauses of up to 4, 8 and
 * 16 s. What fails for another reason is not done again.
 *
 * @param base of the pauses, before jitter, in milliseconds.
 * @throws what `work` throws; after the last time {@link ClusterError} `COMMAND_FAILED`, which says how often it was tried.
 */
export async function retryDownloads<R>(work: () => Promise<R>, base: number = BACKOFF.baseMs): Promise<R> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const message = messageOf(error);
      if (isOurEnd(error) || !FAILURES.some((pattern) => pattern.test(message))) throw error;
      if (attempt === TRIES) {
        throw new ClusterError("COMMAND_FAILED", `${message} (it was tried ${TRIES} times)`, { cause: error });
      }
    }
    await delay(backoffMs({ ...BACKOFF, baseMs: base }, attempt, Math.random()));
  }
}

/** Whether the caller's signal has ended it. */
function isOurEnd(error: unknown): boolean {
  return error instanceof Error && ["AbortError", "TimeoutError"].includes(error.name);
}
