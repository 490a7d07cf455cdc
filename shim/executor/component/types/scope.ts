import type { Sort } from "../binary/component-ast.ts";
import { ComponentError, type ComponentErrorCode } from "../errors.ts";
import type { Item, Items } from "./items.ts";

type Spaces = { readonly [S in Sort]: Items[S][] };

/** The index spaces of one component, or of one instance or component type. */
export class Scope {
  readonly parent: Scope | undefined;
  /** The number of the component instance; -1 in a type. */
  readonly owner: number;
  /** Whether it names a resource type of an enclosing scope. */
  takesResource = false;
  readonly #spaces: Spaces = {
    "core func": [],
    "core table": [],
    "core memory": [],
    "core global": [],
    "core type": [],
    "core module": [],
    "core instance": [],
    func: [],
    type: [],
    component: [],
    instance: [],
  };

  constructor(parent: Scope | undefined, owner: number) {
    this.parent = parent;
    this.owner = owner;
  }

  /** @throws {ComponentError} `INVALID` if there is no such item. */
  get<S extends Sort>(sort: S, index: number, at: number): Items[S] {
    const space: readonly Items[S][] = this.#spaces[sort];
    const item = space[index];
    if (item !== undefined) return item;
    throw invalid(at, `${sort} ${index} is not defined, there are ${space.length}`);
  }

  item(sort: Sort, index: number, at: number): Item {
    return itemOf(sort, this.get(sort, index, at));
  }

  add<S extends Sort>(sort: S, value: Items[S]): void {
    const space: Items[S][] = this.#spaces[sort];
    space.push(value);
  }

  addItem(item: Item): void {
    this.add<Sort>(item.sort, item.value);
  }

  /** The scope so many levels out; 0 is this one. */
  outer(count: number, at: number): Scope {
    let scope: Scope | undefined = this; // eslint-disable-line typescript/no-this-alias -- The walk begins here.
    for (let level = 0; level < count && scope !== undefined; level += 1) scope = scope.parent;
    if (scope === undefined) throw invalid(at, `there are no ${count} enclosing components`);
    return scope;
  }
}

/** The item of a sort; the sort decides the type of the value. */
function itemOf<S extends Sort>(sort: S, value: Items[S]): Item {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- TypeScript does not relate a generic pair to the union.
  return { sort, value } as Item;
}

/** The error for a rule that the definition at `at` breaks. */
export function invalid(at: number, problem: string, code: ComponentErrorCode = "INVALID"): ComponentError {
  return new ComponentError(code, `Cannot accept the component: at offset 0x${at.toString(16)}: ${problem}`);
}
