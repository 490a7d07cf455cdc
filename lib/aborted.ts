import { once } from "node:events";

/** Resolves when `signal` has aborted; at once if it already has. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
