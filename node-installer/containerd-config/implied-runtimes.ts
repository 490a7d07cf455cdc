import { InstallError } from "../errors.ts";
import type { PluginId } from "./plugin-id.ts";
import { CRI_LEGACY } from "./plugin-id.ts";
import { runtimesPath, tableLines } from "./runtime-table.ts";
import type { TomlScalar, TomlTable, TomlValue } from "./toml-tree.ts";
import { isTable, tableAt } from "./toml-tree.ts";

/** Name of the block that spells out the runtimes that were in force without being written anywhere. */
export const IMPLIED_BLOCK = "(runtimes that containerd has by default)";

/**
 * Containerd 1 has a runtime `runc` by default, but only as long as its file names no runtime at all: with the first
 * one `runc` is gone, `default_runtime_name` names nothing, and CRI does not come up (seen on 1.6.20 and 1.7.24 with
 * the configuration that Debian ships). So whoever adds the first runtime must spell out those that were implied.
 *
 * @param main The file to be edited.
 * @param effective `containerd config dump` of it.
 * @returns lines of their tables; none where the file names its runtimes.
 */
export function impliedRuntimes(main: TomlTable, effective: TomlTable, pluginId: PluginId): readonly string[] {
  const written = tableAt(main, runtimesPath(pluginId));
  if (Object.keys(written).length > 0) return [];
  const inForce = tableAt(effective, runtimesPath(CRI_LEGACY)); // A dump of containerd 1 has version 2.
  return Object.entries(inForce).flatMap(([name, runtime]) =>
    runtimeLines([...runtimesPath(pluginId), name], isTable(runtime) ? runtime : {}),
  );
}

function runtimeLines(path: readonly string[], runtime: TomlTable): readonly string[] {
  const { options, ...fields } = runtime;
  const set = Object.entries(fields).filter(([, value]) => !isZero(value));
  return tableLines(path, scalars(path, Object.fromEntries(set)), scalars(path, isTable(options) ? options : {}));
}

/** What Go has where nothing was written; leaving it out again changes nothing. */
function isZero(value: TomlValue): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isTable(value)) return Object.keys(value).length === 0;
  return value === "" || value === false || value === 0n;
}

function scalars(path: readonly string[], fields: TomlTable): Readonly<Record<string, TomlScalar>> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, scalar([...path, key], value)]));
}

function scalar(path: readonly string[], value: TomlValue): TomlScalar {
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "bigint") return value;
  throw new InstallError(
    "ConfigUnsupported",
    `Cannot keep the runtime "${path.at(-2)}", which containerd has by default: its "${path.at(-1)}" is not a plain value: write that runtime into containerd's configuration`,
  );
}
