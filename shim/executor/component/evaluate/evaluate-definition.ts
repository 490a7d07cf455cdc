import type { Definition, Sort, SortedName } from "../binary/component-ast.ts";
import type { CoreItem, Item } from "../types/items.ts";
import { invalid, type Scope } from "../types/scope.ts";
import { evaluateAlias, moduleInfoOf } from "./evaluate-alias.ts";
import { evaluateCanon } from "./evaluate-canon.ts";
import { evaluateCoreInstance } from "./evaluate-core-instance.ts";
import type { Evaluator } from "./evaluator.ts";
import { checkModuleNames } from "./match-core.ts";
import { NamedResources } from "./named-resources.ts";

type Plain = Exclude<Definition, { kind: "import" | "export" }>;

/** Adds what a definition defines to the scope. */
// eslint-disable-next-line eslint/complexity -- One line for each kind of definition.
export function evaluateDefinition(evaluator: Evaluator, definition: Plain, scope: Scope): void {
  const { at } = definition;
  switch (definition.kind) {
    case "core module": {
      const info = evaluator.modules[definition.module];
      if (info === undefined) throw invalid(at, `core module ${definition.module} was not read`);
      checkModuleNames(info, at);
      return scope.add("core module", { index: definition.module, info });
    }
    case "core instantiate":
      return scope.add("core instance", evaluateCoreInstance(evaluator, definition, scope));
    case "core inline":
      return scope.add("core instance", { exports: named(definition.exports, scope, at) });
    case "core type":
      return scope.add("core type", moduleInfoOf(definition.type, { scope, at }));
    case "component": {
      const component = { kind: "defined" as const, ast: definition.component, scope };
      evaluator.try(component);
      return scope.add("component", component);
    }
    case "instantiate": {
      const component = scope.get("component", definition.component, at);
      return scope.add("instance", evaluator.instantiate(component, named(definition.args, scope, at), at));
    }
    case "inline":
      return scope.add("instance", { exports: exported(definition.exports, scope, at) });
    case "type":
      return scope.add("type", evaluator.type(definition.type, { scope, at }));
    case "alias export":
    case "alias core export":
    case "alias outer":
      return evaluateAlias(definition, scope, at);
    case "lift":
    case "lower":
    case "resource":
      return evaluateCanon(definition, scope, at);
  }
}

function exported(items: readonly SortedName<Sort>[], scope: Scope, at: number): Map<string, Item> {
  const exports = named(items, scope, at);
  const resources = new NamedResources();
  for (const [name, item] of exports) resources.add(name, item, at);
  return exports;
}

function named<S extends Sort>(
  items: readonly SortedName<S>[],
  scope: Scope,
  at: number,
): Map<string, Extract<Item, { sort: S }>>;
function named(items: readonly SortedName<Sort>[], scope: Scope, at: number): Map<string, Item | CoreItem> {
  return new Map(items.map(({ name, sort, index }) => [name, scope.item(sort, index, at)]));
}
