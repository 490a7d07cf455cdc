import type { Architecture } from "../oci-image.ts";

export interface ShimArtifact {
  readonly architecture: Architecture;
  /** Name of the archive. */
  readonly name: string;
  /** Of the archive, hex. */
  readonly sha256: string;
}

/** A Shim that installs the artifacts on the nodes with the label spin=true. `baseUrl` has no slash at its end. */
export function shimManifest(artifacts: readonly ShimArtifact[], baseUrl: string): string {
  const platforms = artifacts.map(
    ({ architecture, name, sha256 }) => `      - os: linux
        arch: ${architecture}
        location: ${baseUrl}/${name}
        sha256: ${sha256}
`,
  );
  return `apiVersion: runtime.spinkube.dev/v1alpha1
kind: Shim
metadata:
  name: spin-v2
spec:
  nodeSelector:
    spin: "true"
  fetchStrategy:
    platforms:
${platforms.join("")}  runtimeClass:
    name: wasmtime-spin-v2 # SpinAppExecutors name it so, whatever runs the components.
    handler: spin-v2
  rolloutStrategy:
    type: rolling
    rolling:
      maxUpdate: 1
`;
}
