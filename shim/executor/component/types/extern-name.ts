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
