import { setTimeout as delay } from "node:timers/promises";
import { readableBytes } from "../linux/descriptor.ts";

const FIRST_POLL_MS = 1;
const MAX_POLL_MS = 250;

/** Waits until all that is in the pipe `fd` has been read by whoever reads it, or until `signal` aborts. */
export async function awaitDrained(fd: number, signal: AbortSignal): Promise<void> {
  for (let ms = FIRST_POLL_MS; readableBytes(fd) > 0; ms = Math.min(ms * 2, MAX_POLL_MS)) {
    if (signal.aborted) return;
    await delay(ms, undefined, { signal }).catch(() => undefined); // An abort ends the wait, not the caller.
  }
}
