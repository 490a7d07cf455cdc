import { ComponentError } from "../errors.ts";
import type { HostFunction, HostInterface, HostResource } from "../host-interface.ts";
import { splitVersion } from "../types/extern-name.ts";

const RELEASE = /^(?<major>\d+)\.(?<minor>\d+)\.(?<patch>\d+)(?:\+.*)?$/;

/** Answers what a component imports. */
export interface ImportLookup {
  func(interfaceName: string, name: string): HostFunction<unknown> | undefined;
  resource(interfaceName: string, name: string): HostResource<unknown> | undefined;
}

/** Finds what the host offers for what a component imports, and gathers what it does not. */
export class HostLookup<State> implements ImportLookup {
  readonly #interfaces: readonly HostInterface<State>[];
  readonly #missing = new Set<string>();

  constructor(interfaces: readonly HostInterface<State>[]) {
    this.#interfaces = interfaces;
  }

  func(interfaceName: string, name: string): HostFunction<State> | undefined {
    const found = this.#find(interfaceName)
      .map(({ functions }) => ownProperty(functions, name))
      .find((func) => func !== undefined);
    if (found === undefined) this.#missing.add(interfaceName === "" ? name : `${interfaceName}#${name}`);
    return found;
  }

  resource(interfaceName: string, name: string): HostResource<State> | undefined {
    const found = this.#find(interfaceName)
      .map(({ resources }) => ownProperty(resources, name))
      .find((resource) => resource !== undefined);
    if (found === undefined) this.#missing.add(`resource ${interfaceName}#${name}`);
    return found;
  }

  #find(imported: string): HostInterface<State>[] {
    return this.#interfaces.filter(({ name, version }) => serves(imported, name, version));
  }

  /** @throws {ComponentError} `IMPORT_MISSING` that names everything that was looked for and not found. */
  check(): void {
    if (this.#missing.size === 0) return;
    const names = [...this.#missing].toSorted().join(", ");
    throw new ComponentError("IMPORT_MISSING", `Cannot link the component: the host does not offer ${names}`);
  }
}

function ownProperty<Value>(object: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Whether an interface that the host offers serves an import: the same name, and a version of the same line. */
export function serves(imported: string, name: string, version: string | undefined): boolean {
  const wanted = splitVersion(imported);
  return wanted.name === name && (wanted.version === version || lineOf(wanted.version) === lineOf(version));
}

/** Versions of one line are compatible: 0.2.x, or 1.x.y. A pre-release is a line of its own. */
function lineOf(version: string | undefined): string | undefined {
  const groups = version === undefined ? undefined : RELEASE.exec(version)?.groups;
  if (groups === undefined) return version;
  const { major, minor, patch } = groups;
  if (major !== "0") return `${major}`;
  return minor === "0" ? `0.0.${patch}` : `0.${minor}`;
}
