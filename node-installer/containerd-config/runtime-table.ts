import { InstallError } from "../errors.ts";
import type { PluginId } from "./plugin-id.ts";
import { tomlKey, tomlScalar } from "./toml-text.ts";
import type { TomlScalar } from "./toml-tree.ts";

/** A runtime as we want it in containerd's configuration. */
export interface Handler {
  readonly name: string;
  /** Absolute path of the shim, which containerd starts as it is. */
  readonly runtimeType: string;
  readonly options: Readonly<Record<string, TomlScalar>>;
}

/** What a RuntimeClass may name: https://kubernetes.io/docs/concepts/containers/runtime-class/ and upstream's names. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

export function runtimesPath(pluginId: PluginId): readonly string[] {
  return ["plugins", pluginId, "containerd", "runtimes"];
}

/** @throws {InstallError} `RequestInvalid` for a name that a RuntimeClass cannot have. */
export function handlerPath(pluginId: PluginId, name: string): readonly string[] {
  if (NAME.test(name)) return [...runtimesPath(pluginId), name];
  throw new InstallError(
    "RequestInvalid",
    `Cannot use the handler ${JSON.stringify(name)}: it must be 1 to 63 letters, digits, "_", "." and "-", with a letter or digit at both ends`,
  );
}

/**
 * The canonical lines of a runtime: keys sorted, options typed.
 *
 * @throws {InstallError} `RequestInvalid` for a bad name, a path that is not absolute, or control characters.
 */
export function runtimeTable(handler: Handler, pluginId: PluginId): readonly string[] {
  if (!handler.runtimeType.startsWith("/")) {
    throw new InstallError(
      "RequestInvalid",
      `Cannot use the shim ${JSON.stringify(handler.runtimeType)}: its path is not absolute`,
    );
  }
  const path = handlerPath(pluginId, handler.name);
  return tableLines(path, { runtime_type: handler.runtimeType }, handler.options);
}

/** A table with its `options` below it, which are left out when there are none. */
export function tableLines(
  path: readonly string[],
  fields: Readonly<Record<string, TomlScalar>>,
  options: Readonly<Record<string, TomlScalar>>,
): readonly string[] {
  const table = [`[${tomlKey(path)}]`, ...fieldLines(fields)];
  if (Object.keys(options).length === 0) return table;
  return [...table, `[${tomlKey([...path, "options"])}]`, ...fieldLines(options)];
}

function fieldLines(fields: Readonly<Record<string, TomlScalar>>): readonly string[] {
  return Object.entries(fields)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${tomlKey([key])} = ${tomlScalar(value)}`);
}
