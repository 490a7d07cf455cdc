import type { LockedApp, LockedComponent } from "./locked-app.ts";

/** What a `spin.toml` says, whatever its version: ids made up where there are none, nothing looked up on disk. */
export interface SpinManifest extends Omit<LockedApp, "components"> {
  readonly components: readonly ManifestComponent[];
}

export interface ManifestComponent extends Omit<LockedComponent, "source" | "files"> {
  readonly source: ManifestSource;
  readonly files: readonly ManifestFile[];
  /** Patterns of files that {@link files} leave out, from the manifest's folder. */
  readonly excludeFiles: readonly string[];
  /** Names of what is to be composed into it. */
  readonly dependencies: readonly string[];
}

export type ManifestSource =
  /** From the manifest's folder. */
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "registry"; readonly package: string };

export type ManifestFile =
  /** A file, a folder, or a pattern of files; in the guest they have the same path. */
  | { readonly kind: "pattern"; readonly pattern: string }
  | { readonly kind: "placement"; readonly source: string; readonly destination: string };
