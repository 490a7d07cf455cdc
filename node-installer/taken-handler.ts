import type { InstallRequest } from "@rcm/lib/install-job";
import { InstallError } from "./errors.ts";
import type { HostRecord } from "./record.ts";

/**
 * Makes sure that a handler has one shim on this host and a shim one handler: the handler's table names one executable,
 * and whoever is removed first would take it from the other.
 *
 * @throws {InstallError} `HandlerConflict`.
 */
export function refuseTaken({ shims }: HostRecord, { shim, handler }: Pick<InstallRequest, "shim" | "handler">): void {
  const other = shimWith(shims, handler, shim);
  if (other !== undefined) {
    throw new InstallError(
      "HandlerConflict",
      `Cannot add the handler "${handler}" for shim "${shim}": shim "${other}" has it on this host: remove that, or use another handler`,
    );
  }
  const before = shims[shim]?.handler ?? handler;
  if (before === handler) return;
  throw new InstallError(
    "HandlerConflict",
    `Cannot add the handler "${handler}" for shim "${shim}", which has the handler "${before}" on this host: remove it first, or name the shim differently`,
  );
}

/** Whether a handler is another shim's, and so stays when this one goes. */
export function isTaken({ shims }: HostRecord, { shim, handler }: Pick<InstallRequest, "shim" | "handler">): boolean {
  return shimWith(shims, handler, shim) !== undefined;
}

function shimWith(shims: HostRecord["shims"], handler: string, except: string): string | undefined {
  return Object.keys(shims).find((name) => name !== except && shims[name]?.handler === handler);
}
