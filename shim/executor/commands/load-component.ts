import { readFileSync } from "node:fs";
import type { Linked } from "../component/host-interface.ts";
import { link } from "../component/link/link.ts";
import { prepare } from "../component/prepare/prepare.ts";
import { wasiInterfaces } from "../host/index.ts";
import type { HostState } from "../host/state.ts";
import { ServeError } from "../server/errors.ts";
import { timeKeeper } from "../server/time-keeper.ts";

/**
 * Reads, prepares and links a component.
 *
 * @throws {ServeError} `USAGE` if there is no such file, and {@link ComponentError}.
 */
export function loadComponent(file: string): Linked<HostState> {
  return link(prepare(readFile(file), { meter: "with-meter" }), wasiInterfaces, timeKeeper);
}

function readFile(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ServeError("USAGE", `Cannot read the component "${file}"`, { cause: error });
  }
}

/** Whether the component exports the function. */
export function hasExport(
  linked: Linked<HostState>,
  entry: { readonly interface: string; readonly name: string },
): boolean {
  return linked.exports.some((item) => item.interface === entry.interface && item.name === entry.name);
}
