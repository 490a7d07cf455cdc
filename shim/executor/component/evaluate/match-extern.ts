import type { ExternAst } from "../binary/component-ast.ts";
import type { Item, Items, TypeItem } from "../types/items.ts";
import { invalid } from "../types/scope.ts";
import type { FuncType } from "../types/wit-type.ts";
import type { Evaluator, Provide } from "./evaluator.ts";
import { checkModule } from "./match-core.ts";
import { resolveFuncIndex, resolveModule, type Place } from "./resolve-type.ts";

/** What was given for what: for errors. */
export interface Given extends Place {
  /** For example `argument "wasi:io/streams@0.2.0"`. */
  readonly what: string;
}

/**
 * Checks that `item` is what `extern` declares, and gives it back, an instance with no more exports than are declared.
 * Resource types that `extern` leaves open become those of the item.
 */
export function matchExtern(evaluator: Evaluator, extern: ExternAst, item: Item, given: Given): Item {
  if (item.sort !== extern.sort) throw invalid(given.at, `${given.what} is a ${item.sort}, not a ${extern.sort}`);
  if (extern.sort === "type") matchType(extern, item, given);
  else if (item.sort === "func") matchFunc(extern.type, item.value.type, given);
  else if (item.sort === "instance") return matchInstance(evaluator, extern.type, item.value, given);
  else if (item.sort === "component") matchComponent(evaluator, extern.type, item.value, given);
  else if (item.sort === "core module") {
    checkModule(item.value.info, resolveModule(extern.type, given), given.at, given.what);
  }
  return item;
}

function matchFunc(index: number, found: FuncType, given: Given): void {
  const expected = resolveFuncIndex(index, given);
  if (!isSameFunc(found, expected)) throw invalid(given.at, `${given.what} is a function of another type`);
}

function isSameFunc(left: FuncType, right: FuncType): boolean {
  return (
    left.result === right.result &&
    left.params.length === right.params.length &&
    left.params.every(({ name, type }, index) => {
      const other = right.params[index];
      return other !== undefined && other.name === name && other.type === type;
    })
  );
}

function matchType({ bound }: Extract<ExternAst, { sort: "type" }>, item: Item, given: Given): void {
  if (item.sort !== "type") throw invalid(given.at, `${given.what} is no type`);
  const found = item.value;
  if (bound.kind === "resource") {
    if (found.kind !== "resource") throw invalid(given.at, `${given.what} is no resource type`);
    return;
  }
  const expected = given.scope.get("type", bound.type, given.at);
  if (!isSameType(found, expected)) throw invalid(given.at, `${given.what} is another type`);
}

function isSameType(left: TypeItem, right: TypeItem): boolean {
  if (left.kind === "value") return right.kind === "value" && left.type === right.type;
  if (left.kind === "resource") return right.kind === "resource" && left.resource === right.resource;
  if (left.kind === "func") return right.kind === "func" && isSameFunc(left.type, right.type);
  return left.kind === right.kind; // Types of instances and components are only compared where something is given.
}

function matchInstance(evaluator: Evaluator, type: number, found: Items["instance"], given: Given): Item {
  const declared = given.scope.get("type", type, given.at);
  if (declared.kind !== "instance") throw invalid(given.at, `type ${type} is no instance type`);
  const provide = matchingExports(evaluator, () => found.exports, given);
  return {
    sort: "instance",
    value: { exports: evaluator.declarations(declared, { import: undefined, export: provide }) },
  };
}

function matchComponent(evaluator: Evaluator, type: number, found: Items["component"], given: Given): void {
  const declared = given.scope.get("type", type, given.at);
  if (declared.kind !== "component") throw invalid(given.at, `type ${type} is no component type`);
  const args = new Map<string, Item>();
  function provideImport(name: string, extern: ExternAst, place: Place): Item {
    const item = evaluator.make(extern, place, [name]);
    args.set(name, item);
    return item;
  }
  let exports: ReadonlyMap<string, Item> | undefined;
  function exportsOf(): ReadonlyMap<string, Item> {
    exports ??= evaluator.trial().instantiate(found, args, given.at).exports; // Not before all imports are there.
    return exports;
  }
  const provide = matchingExports(evaluator, exportsOf, given);
  evaluator.declarations(declared, { import: provideImport, export: provide });
  exportsOf(); // What it imports must be there even if it has to export nothing.
}

/** Answers each export that a type declares with the one that was given. */
function matchingExports(evaluator: Evaluator, exportsOf: () => ReadonlyMap<string, Item>, given: Given): Provide {
  return (name, extern, place) => {
    const item = exportsOf().get(name);
    const what = `${given.what} export "${name}"`;
    if (item === undefined) throw invalid(given.at, `${what} is missing`);
    return matchExtern(evaluator, extern, item, { scope: place.scope, at: given.at, what });
  };
}
