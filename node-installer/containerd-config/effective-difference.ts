import { runtimesOfDump } from "./cri-section.ts";
import { PLUGIN_IDS } from "./plugin-id.ts";
import type { Handler } from "./runtime-table.ts";
import { handlerPath } from "./runtime-table.ts";
import { sameValue } from "./same-value.ts";
import { tomlKey } from "./toml-text.ts";
import type { TomlTable, TomlValue } from "./toml-tree.ts";
import { isTable, parseToml, tableAt, valueAt, without } from "./toml-tree.ts";

export interface DumpPair {
  /** `containerd config dump` of the files as they are. */
  readonly before: string;
  /** `containerd config dump` of the candidate. */
  readonly after: string;
  readonly handler: string;
  /** Entries of `imports` that may come or go: our pattern, our drop-in, the paths of candidate files. */
  readonly ownImports: readonly string[];
}

export interface EffectiveDifference {
  /** Dotted paths outside our handler whose values differ, sorted; empty if the edit is safe. */
  readonly foreign: readonly string[];
  /** The handler as the candidate has it; undefined if it does not. */
  readonly handler: { readonly runtimeType: TomlValue | undefined; readonly options: TomlTable } | undefined;
}

/**
 * What an edit does to the configuration in force, by containerd's own word. It may add
 * no more than the runtime: a lost `runc`, sandbox image or CNI folder keeps a node from starting any pod.
 *
 * @throws {InstallError} `ConfigInvalid` if a dump is not TOML.
 */
export function effectiveDifference({ before, after, handler, ownImports }: DumpPair): EffectiveDifference {
  const old = parseToml(before, "containerd config dump");
  const candidate = parseToml(after, "containerd config dump");
  const runtime = valueAt(runtimesOfDump(candidate), [handler]);
  return {
    foreign: differences(
      withoutOwn(old, handler, ownImports),
      withoutOwn(candidate, handler, ownImports),
      [],
    ).toSorted(),
    handler:
      runtime !== undefined && isTable(runtime)
        ? { runtimeType: runtime["runtime_type"], options: tableAt(runtime, ["options"]) }
        : undefined,
  };
}

/** Whether a dump has the handler with just the path and the options that are wanted. */
export function hasHandler(dump: string, { name, runtimeType, options }: Handler): boolean {
  const runtime = valueAt(runtimesOfDump(parseToml(dump, "containerd config dump")), [name]);
  if (runtime === undefined || !isTable(runtime)) return false;
  return runtime["runtime_type"] === runtimeType && sameValue(tableAt(runtime, ["options"]), options);
}

function withoutOwn(dump: TomlTable, handler: string, ownImports: readonly string[]): TomlTable {
  const stripped = PLUGIN_IDS.map((id) => handlerPath(id, handler)).reduce(without, dump);
  const { imports = [] } = dump;
  if (!Array.isArray(imports)) return stripped;
  return { ...stripped, imports: imports.filter((entry) => typeof entry !== "string" || !ownImports.includes(entry)) };
}

function differences(
  before: TomlValue | undefined,
  after: TomlValue | undefined,
  path: readonly string[],
): readonly string[] {
  if (before !== undefined && after !== undefined && isTable(before) && isTable(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => differences(valueAt(before, [key]), valueAt(after, [key]), [...path, key]));
  }
  return sameValue(before, after) ? [] : [tomlKey(path)];
}
