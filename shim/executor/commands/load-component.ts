import { readFileSync } from "node:fs";
import { nodeCrypto } from "@rcm/lib/late-modules";
import { adaptCoreModule, isCoreModule } from "../adapt/adapt-core-module.ts";
import { adapterFiles } from "../adapt/adapter-files.ts";
import type { Linked } from "../component/host-interface.ts";
import { link } from "../component/link/link.ts";
import { type PrepareOptions, type Prepared, prepare } from "../component/prepare/prepare.ts";
import { prepareCached } from "../component/prepare/prepared-cache.ts";
import { readPrepared } from "../component/prepare/prepared-format.ts";
import { hostInterfacesFor } from "../host/index.ts";
import type { HostState } from "../host/state.ts";
import { ServeError } from "../server/errors.ts";
import { timeKeeper } from "../server/time-keeper.ts";

export interface PreparingOptions {
  /** Folder where what was prepared is kept. */
  readonly cache: string | undefined;
  /** Folder with what makes components of core modules; else the executable has it. */
  readonly adapters?: string | undefined;
  /** What all memories of an instance together can grow to, in pages of 64 KiB. */
  readonly maxMemoryPages: number | undefined;
  /** Files with what was prepared of an application's components under the same limits, by their `sourceKey`. */
  readonly found?: PreparedPaths | undefined;
}

/** Paths by components. */
export type PreparedPaths = ReadonlyMap<string, string>;

export interface ComponentOptions extends PreparingOptions {
  readonly file: string;
  /** File with what was prepared of the component under the same limits; one that cannot be read does not count. */
  readonly prepared?: string | undefined;
}

/**
 * Reads, prepares and links a component.
 *
 * @throws {ServeError} `USAGE` if there is no such file, and {@link ComponentError}.
 */
export function loadComponent({ file, prepared, ...options }: ComponentOptions): Linked<HostState> {
  return linkFile(prepared) ?? linkComponent(readFile(file), options);
}

/** Links what a file says was prepared of a component. `undefined` if there is none, or it cannot be read. */
export function linkFile(path: string | undefined): Linked<HostState> | undefined {
  const found = path === undefined ? undefined : readIfThere(path);
  return found && linkPrepared(found);
}

/**
 * Prepares and links the bytes of a component.
 *
 * @throws {ComponentError}
 */
export function linkComponent(bytes: Uint8Array, options: PreparingOptions): Linked<HostState> {
  return linkPrepared(preparedFrom(bytes, options));
}

function linkPrepared(prepared: Prepared): Linked<HostState> {
  return link(prepared, hostInterfacesFor(prepared), timeKeeper);
}

/** Prepares a component, whatever was prepared of it before. */
export function prepareFile({ file, ...options }: ComponentOptions): Prepared {
  return prepare(componentOf(readFile(file), options), prepareOptions(options));
}

function componentOf(bytes: Uint8Array, { adapters }: PreparingOptions): Uint8Array {
  return isCoreModule(bytes) ? adaptCoreModule(bytes, adapterFiles(adapters)) : bytes;
}

function prepareOptions({ maxMemoryPages }: PreparingOptions): PrepareOptions {
  return { meter: "with-meter", ...(maxMemoryPages === undefined ? {} : { maxMemoryPages }) };
}

function preparedFrom(bytes: Uint8Array, options: PreparingOptions): Prepared {
  const { cache } = options;
  if (cache === undefined) return prepare(componentOf(bytes, options), prepareOptions(options));
  const digest = `sha256:${nodeCrypto().hash("sha256", bytes, "hex")}`;
  return prepareCached({ folder: cache }, { digest, read: () => componentOf(bytes, options) }, prepareOptions(options))
    .prepared;
}

function readIfThere(path: string | undefined): Prepared | undefined {
  if (path === undefined) return undefined;
  try {
    return readPrepared(path, "trust");
  } catch {
    return undefined;
  }
}

/** @throws {ServeError} `USAGE` if there is no such file. */
export function readFile(file: string): Uint8Array {
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
