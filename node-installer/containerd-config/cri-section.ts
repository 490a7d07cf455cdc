import { CRI_LEGACY, CRI_RUNTIME } from "./plugin-id.ts";
import { runtimesPath } from "./runtime-table.ts";
import type { TomlTable } from "./toml-tree.ts";
import { tableAt, valueAt } from "./toml-tree.ts";

/** The plug-in that holds the runtimes in a `containerd config dump`; undefined where CRI is not part of it. */
export function pluginOfDump(dump: TomlTable): typeof CRI_RUNTIME | typeof CRI_LEGACY | undefined {
  return ([CRI_RUNTIME, CRI_LEGACY] as const).find((id) => valueAt(dump, runtimesPath(id)) !== undefined);
}

/** The runtimes that are in force by a dump. */
export function runtimesOfDump(dump: TomlTable): TomlTable {
  const id = pluginOfDump(dump);
  return id === undefined ? {} : tableAt(dump, runtimesPath(id));
}
