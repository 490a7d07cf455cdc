import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Linked } from "../component/host-interface.ts";
import { link } from "../component/link/link.ts";
import { type PrepareOptions, type Prepared, prepare } from "../component/prepare/prepare.ts";
import { prepareCached } from "../component/prepare/prepared-cache.ts";
import { wasiInterfaces } from "../host/index.ts";
import type { HostState } from "../host/state.ts";
import { ServeError } from "../server/errors.ts";
import { timeKeeper } from "../server/time-keeper.ts";

export interface ComponentOptions {
  readonly file: string;
  /** Folder where what was prepared is kept. */
  readonly cache: string | undefined;
  /** What each memory can grow to, in pages of 64 KiB. */
  readonly maxMemoryPages: number | undefined;
}

/**
 * Reads, prepares and links a component.
 *
 * @throws {ServeError} `USAGE` if there is no such file, and {@link ComponentError}.
 */
export function loadComponent({ file, cache, maxMemoryPages }: ComponentOptions): Linked<HostState> {
  const options: PrepareOptions = {
    meter: "with-meter",
    ...(maxMemoryPages === undefined ? {} : { maxMemoryPages }),
  };
  return link(prepared(file, cache, options), wasiInterfaces, timeKeeper);
}

function prepared(file: string, cache: string | undefined, options: PrepareOptions): Prepared {
  const bytes = readFile(file);
  if (cache === undefined) return prepare(bytes, options);
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return prepareCached({ folder: cache }, { digest, read: () => bytes }, options).prepared;
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
