import { parseOptions } from "./containerd-config/index.ts";
import type { Context } from "./context.ts";
import { InstallError } from "./errors.ts";
import { proveHealth } from "./health.ts";
import { hasBinary, linkPath } from "./host/store.ts";
import type { Result } from "./install.ts";
import { readRecord } from "./record.ts";
import { isSameRuntime } from "./runtimes.ts";
import { configuredRuntime } from "./transaction/configured-runtime.ts";

/**
 * Proves that an installed shim works, and changes nothing.
 *
 * @throws {InstallError} that says what is wrong: `ShimNotInArchive` (not installed, or its file is damaged),
 *   `HandlerNotServed`, `OrdinaryPodsBroken`, `ShimBroken`.
 */
export async function verify(context: Context, shim: string, signal: AbortSignal): Promise<Result> {
  const entry = (await readRecord(context.store.root)).shims[shim];
  if (entry === undefined) throw new InstallError("ShimNotInArchive", `Shim "${shim}" is not installed on this host`);
  if (!(await hasBinary(context.store, entry.digest, shim))) {
    throw new InstallError("ShimNotInArchive", `The executable of shim "${shim}" is gone or damaged: install it again`);
  }
  const configured = await configuredRuntime(context, entry.handler, signal);
  const runtime = { runtimeType: linkPath(context.store, shim), options: parseOptions(entry.options) };
  if (!isSameRuntime(configured, runtime)) {
    throw new InstallError(
      "HandlerNotServed",
      `Containerd's configuration has not the handler "${entry.handler}" as it was installed: install the shim again`,
    );
  }
  const expected = { handler: entry.handler, runtime, ours: runtime.runtimeType };
  const { level } = await proveHealth(context, { containers: [] }, expected, signal);
  const message = `Handler "${entry.handler}" starts ${linkPath(context.store, shim)}`;
  return { message, restarts: 0, digest: entry.digest, ...(level === undefined ? {} : { level }) };
}
