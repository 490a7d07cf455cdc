import { readFileSync } from "node:fs";

export const CONTAINERD_VERSIONS = ["1.6", "1.7", "2.1"] as const;
/** `seccomp`: a read-only root as well. */
export const CONTAINERS = ["volumes", "nonRoot", "seccomp", "hostNetwork", "sharedPid"] as const;
export const PAUSES = ["pause", "hostNetworkPause"] as const;

type Recorded = Readonly<Record<(typeof CONTAINERS)[number] | (typeof PAUSES)[number], object>>;

/** What containerd's CRI wrote as `config.json` for pods like kubelet's; paths changed, profiles of the pauses cut. */
export function recordedSpecs(version: (typeof CONTAINERD_VERSIONS)[number]): Recorded {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the files have these
  return JSON.parse(readFileSync(new URL(`containerd-${version}.json`, import.meta.url), "utf8")) as Recorded;
}
