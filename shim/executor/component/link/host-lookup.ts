import { ComponentError } from "../errors.ts";
import type { HostFunction, HostInterface, HostResource } from "../host-interface.ts";
import { lineOf } from "../types/extern-name.ts";

/** Answers what a component imports. */
export interface ImportLookup {
  func(interfaceName: string, name: string): HostFunction<unknown> | undefined;
  resource(interfaceName: string, name: string): HostResource<unknown> | undefined;
}

/** Finds what the host offers for what a component imports, and gathers what it does not. */
export class HostLookup<State> implements ImportLookup {
  readonly #interfaces: readonly HostInterface<State>[];
  readonly #missing = new Set<string>();
  /** What to do about it. */
  readonly #advice = new Set<string>();

  constructor(interfaces: readonly HostInterface<State>[]) {
    this.#interfaces = interfaces;
  }

  func(interfaceName: string, name: string): HostFunction<State> | undefined {
    const found = this.#find(interfaceName)
      .map(({ functions }) => ownProperty(functions, name))
      .find((func) => func !== undefined);
    if (found === undefined) this.#miss(interfaceName, interfaceName === "" ? name : `${interfaceName}#${name}`);
    return found;
  }

  resource(interfaceName: string, name: string): HostResource<State> | undefined {
    const found = this.#find(interfaceName)
      .map(({ resources }) => ownProperty(resources, name))
      .find((resource) => resource !== undefined);
    if (found === undefined) this.#miss(interfaceName, `resource ${interfaceName}#${name}`);
    return found;
  }

  #miss(interfaceName: string, what: string): void {
    this.#missing.add(what);
    for (const { advice } of this.#find(interfaceName)) if (advice !== undefined) this.#advice.add(advice);
  }

  #find(imported: string): HostInterface<State>[] {
    return this.#interfaces.filter(({ name, version }) => serves(imported, name, version));
  }

  /** @throws {ComponentError} `IMPORT_MISSING` that names everything that was looked for and not found, and says what to do. */
  check(): void {
    if (this.#missing.size === 0) return;
    const names = [...this.#missing].toSorted().join(", ");
    const advice = this.#advice.size === 0 ? "" : ` (${[...this.#advice].join("; ")})`;
    throw new ComponentError("IMPORT_MISSING", `Cannot link the component: the host does not offer ${names}${advice}`);
  }
}

function ownProperty<Value>(object: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Whether an interface that the host knows answers an import: the same name, and a version of the same line. */
export function serves(imported: string, name: string, version: string | undefined): boolean {
  return lineOf(imported) === lineOf(version === undefined ? name : `${name}@${version}`);
}
