import { gte, parse } from "semver";
import type { SemVer } from "semver";
import { InstallError } from "../errors.ts";
import { parseToml, valueAt } from "./toml-tree.ts";

export type ContainerdVersion = SemVer;

/**
 * Reads `1.6.20~ds1`, `v2.1.9+unknown`, `containerd://1.7.27`; what follows the three numbers is packaging.
 *
 * @throws {InstallError} `ConfigUnsupported` for anything else.
 */
export function parseContainerdVersion(text: string): ContainerdVersion {
  const [, numbers] = /^(?:containerd:\/\/)?v?(\d+\.\d+\.\d+)(?!\d)/.exec(text) ?? [];
  const version = parse(numbers);
  if (version !== null) return version;
  throw new InstallError("ConfigUnsupported", `Cannot tell the version of containerd: it calls itself "${text}"`);
}

/** Containerd 2 merges the plug-in tables of imported files; containerd 1 replaces a whole plug-in by the last file's. */
export function mergesPlugins(version: ContainerdVersion): boolean {
  return gte(version, "2.0.0");
}

/**
 * Newest configuration version that a containerd reads.
 *
 * @see {@link https://github.com/containerd/containerd/blob/main/RELEASES.md#daemon-configuration}
 */
export function newestConfigVersion(version: ContainerdVersion): number {
  if (!mergesPlugins(version)) return 2;
  return gte(version, "2.3.0") ? 4 : 3;
}

/**
 * The `version` that a configuration declares; undefined if none: 1 for containerd 1, the newest for containerd 2.
 *
 * @throws {InstallError} `ConfigInvalid` if it is not a positive integer, or the text is not TOML.
 */
export function configVersion(text: string, path: string): number | undefined {
  const version = valueAt(parseToml(text, path), ["version"]);
  if (version === undefined || version === 0n) return undefined; // Zero is Go's "not set".
  if (typeof version === "bigint" && version > 0n && version < 1000n) return Number(version);
  throw new InstallError("ConfigInvalid", `Cannot read "${path}": its version is not a positive integer`);
}

/** The version that a containerd takes a configuration for. */
export function effectiveVersion(declared: number | undefined, containerd: ContainerdVersion): number {
  return declared ?? (containerd.major < 2 ? 1 : newestConfigVersion(containerd));
}
