import { existsSync } from "node:fs";
import type { CgroupPaths } from "./paths.ts";
import { SmallFiles } from "./read-file.ts";
import { readV1, type MetricsV1 } from "./stats-v1.ts";
import { readV2, type MetricsV2 } from "./stats-v2.ts";

export type Stats =
  | { readonly kind: "v1"; readonly metrics: MetricsV1 }
  | { readonly kind: "v2"; readonly metrics: MetricsV2 }
  /** The cgroup is not there (any more). */
  | { readonly kind: "gone" };

/** What the processes of a container use. The fields are those of containerd's messages. */
export function readStats(paths: CgroupPaths): Stats {
  if (paths.version === 2) {
    if (!existsSync(paths.folder)) return { kind: "gone" };
    return { kind: "v2", metrics: readV2(paths.folder, new SmallFiles()) };
  }
  const isThere = [...paths.folders].some(([name, folder]) => name !== "name=systemd" && existsSync(folder));
  return isThere ? { kind: "v1", metrics: readV1(paths.folders, new SmallFiles()) } : { kind: "gone" };
}
