import type { EventEmitter } from "node:events";
import { inspect } from "node:util";
import type { Log } from "@rcm/lib/log";

/** Of an error, with its stack and its causes. */
const MAX_CHARS = 8192;

/**
 * The last resort for what is thrown where nobody catches it: it is logged, and the shim goes on. Its end would take all
 * its containers along, and what failed is one callback.
 *
 * @param process or what stands in for it.
 */
export function logUnhandled(process: EventEmitter, log: Log): void {
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error: unknown) => {
      // As text: whatever it is, nothing may be thrown here.
      log.error("An error was not handled, and the shim goes on", { event, error: inspect(error).slice(0, MAX_CHARS) });
    });
  }
}
