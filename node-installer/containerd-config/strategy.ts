import { satisfies } from "semver";
import { InstallError } from "../errors.ts";
import type { ContainerdVersion } from "./config-version.ts";
import {
  configVersion,
  effectiveVersion,
  mergesPlugins,
  newestConfigVersion,
  parseContainerdVersion,
} from "./config-version.ts";
import type { ConfigFile } from "./handler-site.ts";
import { ownedBlocks } from "./owned-block.ts";
import type { PluginId } from "./plugin-id.ts";
import { CRI_IMAGES, CRI_LEGACY, CRI_RUNTIME, CRI_SHORT, pluginIdFor } from "./plugin-id.ts";
import { parseToml, tableAt, valueAt } from "./toml-tree.ts";
import type { TomlTable, TomlValue } from "./toml-tree.ts";

export interface ConfigFacts {
  /** As containerd or its package says it: `1.6.20~ds1`, `v2.1.9+unknown`. */
  readonly containerdVersion: string;
  readonly mainPath: string;
  /** undefined if there is no main file. */
  readonly mainText: string | undefined;
  /** What the main file imports, in the order of loading. */
  readonly imported: readonly ConfigFile[];
}

export type Strategy =
  /** The runtime goes into the main file. */
  | { readonly kind: "edit-main"; readonly containerd: ContainerdVersion; readonly pluginId: PluginId }
  /** The runtime gets a file of its own, which the main file imports. */
  | { readonly kind: "drop-in"; readonly containerd: ContainerdVersion; readonly pluginId: PluginId }
  | { readonly kind: "refused"; readonly code: RefusalCode; readonly message: string };

type RefusalCode = "ConfigMissing" | "ConfigInvalid" | "ConfigUnsupported";

/** Names under which `disabled_plugins` can switch CRI off, by version of the file. */
const CRI_NAMES: ReadonlySet<string> = new Set([CRI_SHORT, CRI_LEGACY, CRI_RUNTIME, CRI_IMAGES]);

/** From the oldest containerd whose `runtime_type` may be an absolute path. */
const KNOWN = ">=1.6.0 <3.0.0";

/** Decides how a runtime can be added to a host's configuration, or why it cannot, with what a person can do. */
export function chooseStrategy(facts: ConfigFacts): Strategy {
  try {
    return chosen(facts);
  } catch (error) {
    if (!(error instanceof InstallError) || !isRefusal(error.code)) throw error;
    return { kind: "refused", code: error.code, message: error.message };
  }
}

function isRefusal(code: string): code is RefusalCode {
  return code === "ConfigMissing" || code === "ConfigInvalid" || code === "ConfigUnsupported";
}

function chosen(facts: ConfigFacts): Strategy {
  const containerd = parseContainerdVersion(facts.containerdVersion);
  refuseContainerd(facts, containerd);
  const files = [...mainFile(facts, containerd), ...facts.imported];
  const trees = files.map((file) => checkedTree(file, containerd));
  const declared = facts.mainText === undefined ? undefined : configVersion(facts.mainText, facts.mainPath);
  refuseVersion(facts, containerd, declared);
  const pluginId = pluginIdFor(declared, trees, containerd);
  if (mergesPlugins(containerd)) return { kind: "drop-in", containerd, pluginId };
  refuseImportedCri(facts);
  return { kind: "edit-main", containerd, pluginId };
}

function refuseContainerd({ containerdVersion }: ConfigFacts, containerd: ContainerdVersion): void {
  if (satisfies(containerd, KNOWN)) return;
  throw new InstallError(
    "ConfigUnsupported",
    `Cannot configure containerd ${containerdVersion}: only 1.6 to 2.x are known: install one of them, or exclude the node`,
  );
}

function mainFile({ mainPath, mainText }: ConfigFacts, containerd: ContainerdVersion): readonly ConfigFile[] {
  if (mainText !== undefined) return [{ path: mainPath, text: mainText }];
  if (mergesPlugins(containerd)) return [];
  throw new InstallError(
    "ConfigMissing",
    `Cannot add a runtime to "${mainPath}": there is no such file: write one with "containerd config default"`,
  );
}

function checkedTree(file: ConfigFile, containerd: ContainerdVersion): TomlTable {
  const tree = parseToml(file.text, file.path);
  ownedBlocks(file.text, file.path); // Refuses broken marks.
  if (mergesPlugins(containerd) && file.text.startsWith("\uFEFF")) {
    throw new InstallError(
      "ConfigInvalid",
      `Cannot read "${file.path}": line 1, column 1: it begins with a byte order mark, on which containerd 2 does not start: remove it`,
    );
  }
  refuseDisabled(tree, file.path);
  return tree;
}

function refuseDisabled(tree: TomlTable, path: string): void {
  const disabled = valueAt(tree, ["disabled_plugins"]);
  const names = Array.isArray(disabled) ? (disabled as readonly TomlValue[]).map(String) : [];
  const found = names.find((name) => CRI_NAMES.has(name));
  if (found === undefined) return;
  throw new InstallError(
    "ConfigUnsupported",
    `Cannot add a runtime to "${path}": disabled_plugins has "${found}", so no kubelet uses this containerd: remove it there if one shall`,
  );
}

function refuseVersion(
  { containerdVersion, mainPath }: ConfigFacts,
  containerd: ContainerdVersion,
  declared: number | undefined,
): void {
  const newest = newestConfigVersion(containerd);
  if (effectiveVersion(declared, containerd) <= newest) return;
  throw new InstallError(
    "ConfigUnsupported",
    `Cannot edit "${mainPath}": it has version ${declared}, and containerd ${containerdVersion} reads up to version ${newest}: write it in that version`,
  );
}

/** In containerd 1 the last file with a CRI table replaces that of all files before it, whole. */
function refuseImportedCri({ imported, mainPath }: ConfigFacts): void {
  const replacing = imported.find(({ path, text }) => {
    const plugins = tableAt(parseToml(text, path), ["plugins"]);
    return [CRI_SHORT, CRI_LEGACY].some((id) => Object.hasOwn(plugins, id));
  });
  if (replacing === undefined) return;
  throw new InstallError(
    "ConfigUnsupported",
    `Cannot add a runtime to "${mainPath}": "${replacing.path}" replaces its whole CRI section: move that section to the main file`,
  );
}
