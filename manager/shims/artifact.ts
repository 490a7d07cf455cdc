import type { ShimSpecFetchStrategy } from "@rcm/crds";
import type { ArtifactSource } from "@rcm/lib/install-job";

/** Other names of an architecture, as uname and older Docker say them, to Go's. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  "x86-64": "amd64",
  aarch64: "arm64",
  armv8: "arm64",
  armv7l: "arm",
};

/** Go's name of an architecture, lower case; an unknown one stays as it is. */
export function normalArchitecture(name: string): string {
  const lower = name.toLowerCase();
  return ARCHITECTURES[lower] ?? lower;
}

/**
 * The source for a node, or undefined where the Shim has none. `platforms` that do not fit do not fall back to
 * `anonHttp`: it may be of any architecture.
 */
export function artifactFor(
  strategy: ShimSpecFetchStrategy,
  platform: { readonly os: string; readonly architecture: string },
): ArtifactSource | undefined {
  const { platforms = [], anonHttp } = strategy;
  if (platforms.length === 0) return anonHttp === undefined ? undefined : sourceOf(anonHttp);
  const fitting = platforms.find(
    ({ os, arch }) =>
      os.toLowerCase() === platform.os.toLowerCase() &&
      normalArchitecture(arch) === normalArchitecture(platform.architecture),
  );
  return fitting === undefined ? undefined : sourceOf(fitting);
}

function sourceOf({ location, sha256 }: ArtifactSource): ArtifactSource {
  return sha256 === undefined ? { location } : { location, sha256: sha256.toLowerCase() };
}
