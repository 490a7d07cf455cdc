const RELEASE = /^(?<major>\d+)\.(?<minor>\d+)\.(?<patch>\d+)(?:\+.*)?$/;
const NAME = /^(?<name>[^@]*)(?:@(?<version>.*))?$/;

/** The parts of an interface name such as `wasi:io/streams@0.2.0`. */
export function splitVersion(name: string): { readonly name: string; readonly version: string | undefined } {
  const groups = NAME.exec(name)?.groups;
  return { name: groups?.["name"] ?? name, version: groups?.["version"] };
}

/** An interface name without its version. */
export function withoutVersion(name: string): string {
  return splitVersion(name).name;
}

/**
 * An interface name with as much of its version as must be the same for two to be compatible: `wasi:io/streams@0.2` for
 * all 0.2.x, `a:b/c@1` for all 1.x.y. Every pre-release is a line of its own, and so are names without version.
 */
export function lineOf(interfaceName: string): string {
  const { name, version } = splitVersion(interfaceName);
  if (version === undefined) return name;
  const groups = RELEASE.exec(version)?.groups;
  if (groups === undefined) return interfaceName;
  const { major, minor, patch } = groups;
  if (major !== "0") return `${name}@${major}`;
  return minor === "0" ? `${name}@0.0.${patch}` : `${name}@0.${minor}`;
}
