export interface PluginPackage {
  readonly arch: "amd64" | "aarch64";
  /** Name of the archive. */
  readonly name: string;
  /** Of the archive, hex. */
  readonly sha256: string;
}

/**
 * The manifest of the plug-in, as `spin plugins install --file` takes it. `baseUrl` has no slash at its end.
 *
 * @see {@link https://spinframework.dev/v3/plugin-authoring}
 */
export function pluginManifest(packages: readonly PluginPackage[], version: string, baseUrl: string): string {
  const manifest = {
    name: "kube",
    description: "Manage applications running on Kubernetes",
    version,
    spinCompatibility: ">=2.3.1",
    license: "Apache-2.0",
    packages: packages.map(({ arch, name, sha256 }) => ({ os: "linux", arch, url: `${baseUrl}/${name}`, sha256 })),
  };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}
