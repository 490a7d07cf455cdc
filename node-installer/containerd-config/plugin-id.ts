import type { ContainerdVersion } from "./config-version.ts";
import { effectiveVersion } from "./config-version.ts";
import type { TomlTable } from "./toml-tree.ts";
import { tableAt, valueAt } from "./toml-tree.ts";

/** In a file of version 1, which only containerd 1 understands. */
export const CRI_SHORT = "cri";
/** Containerd 1, and files of version 2 that containerd 2 migrates. */
export const CRI_LEGACY = "io.containerd.grpc.v1.cri";
/** Containerd 2. */
export const CRI_RUNTIME = "io.containerd.cri.v1.runtime";
/** Containerd 2: what the legacy plug-in knew of images. */
export const CRI_IMAGES = "io.containerd.cri.v1.images";

export type PluginId = typeof CRI_SHORT | typeof CRI_LEGACY | typeof CRI_RUNTIME;

/** Every table that may hold runtimes, in force or not. */
export const PLUGIN_IDS: readonly PluginId[] = [CRI_SHORT, CRI_LEGACY, CRI_RUNTIME];

/**
 * The plug-in table that runtimes must be added to so that they take effect, by what is there and not by the version
 * alone: Azure's files have version 2 and the ids of containerd 2, and where both ids are in a file of version 2 the
 * migration keeps the runtimes of one of them only.
 *
 * @param declared `version` of the files, undefined if none.
 * @param trees Main file and everything it imports.
 */
export function pluginIdFor(
  declared: number | undefined,
  trees: readonly TomlTable[],
  containerd: ContainerdVersion,
): PluginId {
  const version = effectiveVersion(declared, containerd);
  if (containerd.major < 2) return version === 1 ? CRI_SHORT : CRI_LEGACY;
  if (version !== 2) return CRI_RUNTIME; // Older ids are not migrated, and ignored.
  if (hasRuntimes(trees, CRI_RUNTIME)) return CRI_RUNTIME;
  if (hasRuntimes(trees, CRI_LEGACY)) return CRI_LEGACY;
  const hasNewId = trees.some((tree) =>
    [CRI_RUNTIME, CRI_IMAGES].some((id) => Object.hasOwn(tableAt(tree, ["plugins"]), id)),
  );
  return hasNewId ? CRI_RUNTIME : CRI_LEGACY;
}

function hasRuntimes(trees: readonly TomlTable[], id: PluginId): boolean {
  return trees.some((tree) => valueAt(tree, ["plugins", id, "containerd", "runtimes"]) !== undefined);
}
