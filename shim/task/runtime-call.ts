import { RuncError } from "../runc/errors.ts";
import { TtrpcError } from "../ttrpc/status.ts";

/**
 * What runc refuses is told in the words that people find when they look for help.
 *
 * @throws {TtrpcError} `UNKNOWN`, as runc's own shim has it, whatever the reason: clients know it.
 */
export async function runtimeCall<T>(verb: "create" | "exec", call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof RuncError)) throw error;
    throw new TtrpcError("UNKNOWN", `OCI runtime ${verb} failed: ${error.message}`, { cause: error });
  }
}
