import { ClusterError } from "./cluster-error.ts";

/**
 * A containerd release series and the version of the configuration file that the node gets: Debian ships a file of
 * `version = 2` with every one of them; `2.1v3` has a native file of version 3.
 */
export const NODE_VERSIONS = ["1.6", "1.7", "2.1", "2.1v3"] as const;

export type NodeVersion = (typeof NODE_VERSIONS)[number];

/** @throws {ClusterError} `USAGE`. */
export function parseNodeVersion(text: string): NodeVersion {
  const version = NODE_VERSIONS.find((known) => known === text);
  if (version !== undefined) return version;
  throw new ClusterError("USAGE", `Cannot make a node of version "${text}": there are ${NODE_VERSIONS.join(", ")}`);
}
