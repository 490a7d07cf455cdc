import type { LabelledType, TypeAst, ValTypeRef } from "../binary/component-ast.ts";
import type { CoreFuncType } from "../binary/core-extern.ts";
import type { CoreModuleInfo } from "../core/core-module.ts";
import { LIMITS } from "../limits.ts";
import type { CoreFunc, TypeItem } from "../types/items.ts";
import { invalid, type Scope } from "../types/scope.ts";
import type { TypePool } from "../types/type-pool.ts";
import type { FuncType, ResourceType, TypeShape, ValType } from "../types/wit-type.ts";
import { coreFuncText, isSameCoreFunc } from "./match-core.ts";

type ShapeAst = Exclude<PlainTypeAst, { readonly kind: "func" | "resource" }>;

/** Where a type stands: the scope that its indices count in, and the offset for errors. */
export interface Place {
  readonly scope: Scope;
  readonly at: number;
}

/** A definition of the type section that is no type of an instance or a component. */
export type PlainTypeAst = Exclude<TypeAst, { readonly kind: "instance" | "component" }>;

/** Turns a definition of the type section into a type. */
export function resolveType(ast: PlainTypeAst, place: Place, pool: TypePool): TypeItem {
  if (ast.kind === "func") return { kind: "func", type: resolveFunc(ast, place, pool) };
  if (ast.kind === "resource") return { kind: "resource", resource: defineResource(ast.destructor, place, pool) };
  return { kind: "value", type: pool.value(resolveShape(ast, place, pool)) };
}

// eslint-disable-next-line eslint/complexity, typescript/consistent-return -- One line for each kind of type.
function resolveShape(ast: ShapeAst, place: Place, pool: TypePool): TypeShape {
  function value(ref: ValTypeRef): ValType {
    return resolveValue(ref, place, pool);
  }
  switch (ast.kind) {
    case "primitive":
      return { kind: ast.type };
    case "record":
      return { kind: "record", fields: ast.fields.map(({ name, type }) => ({ name, type: value(type) })) };
    case "variant":
      return { kind: "variant", cases: ast.cases.map(({ name, type }) => ({ name, type: optional(type, value) })) };
    case "list":
      return { kind: "list", element: value(ast.element) };
    case "tuple":
      return { kind: "tuple", elements: ast.elements.map(value) };
    case "option":
      return { kind: "option", some: value(ast.some) };
    case "result":
      return { kind: "result", ok: optional(ast.ok, value), err: optional(ast.err, value) };
    case "own":
    case "borrow":
      return { kind: ast.kind, resource: resolveResource(ast.resource, place) };
    case "flags":
    case "enum":
      return ast;
  }
}

function optional(ref: ValTypeRef | undefined, value: (ref: ValTypeRef) => ValType): ValType | undefined {
  return ref === undefined ? undefined : value(ref);
}

function resolveValue(ref: ValTypeRef, { scope, at }: Place, pool: TypePool): ValType {
  if (typeof ref === "string") return pool.value({ kind: ref });
  const item = scope.get("type", ref, at);
  if (item.kind !== "value") throw invalid(at, `type ${ref} is no value type but of kind "${item.kind}"`);
  return item.type;
}

/** The resource type with that index. */
export function resolveResource(index: number, { scope, at }: Place): ResourceType {
  const item = scope.get("type", index, at);
  if (item.kind !== "resource") throw invalid(at, `type ${index} is no resource type but of kind "${item.kind}"`);
  return item.resource;
}

function resolveFunc(ast: Extract<TypeAst, { readonly kind: "func" }>, place: Place, pool: TypePool): FuncType {
  const params = ast.params.map(({ name, type }: LabelledType) => ({ name, type: resolveValue(type, place, pool) }));
  const result = ast.result === undefined ? undefined : resolveValue(ast.result, place, pool);
  const values = [...params.map(({ type }) => type), ...(result === undefined ? [] : [result])];
  if (values.some(({ depth }) => depth >= LIMITS.typeDepth)) {
    throw invalid(place.at, `a type is nested more than ${LIMITS.typeDepth} deep`, "LIMIT");
  }
  if (result?.hasBorrow === true) throw invalid(place.at, "the result of a function contains a borrow");
  return { params, result };
}

/** The function type with that index. */
export function resolveFuncIndex(index: number, { scope, at }: Place): FuncType {
  const item = scope.get("type", index, at);
  if (item.kind !== "func") throw invalid(at, `type ${index} is no function type but of kind "${item.kind}"`);
  return item.type;
}

/** The module type with that index. */
export function resolveModule(index: number, { scope, at }: Place): CoreModuleInfo {
  const type = scope.get("core type", index, at);
  if (type.kind !== "module") throw invalid(at, `core type ${index} is no module type`);
  return type.info;
}

const DESTRUCTOR: CoreFuncType = { params: ["i32"], results: [] };

function defineResource(index: number | undefined, { scope, at }: Place, pool: TypePool): ResourceType {
  if (scope.owner < 0) throw invalid(at, "a resource type is defined within a type");
  const destructor = index === undefined ? undefined : scope.get("core func", index, at);
  if (destructor !== undefined) checkCoreFunc(destructor, DESTRUCTOR, at, "the destructor");
  return pool.resource({ kind: "guest", owner: scope.owner, destructor });
}

/** Fails unless the core function has that type. */
export function checkCoreFunc(found: CoreFunc, expected: CoreFuncType, at: number, what: string): void {
  if (isSameCoreFunc(found.type, expected)) return;
  throw invalid(at, `${what} has the core type ${coreFuncText(found.type)}, not ${coreFuncText(expected)}`);
}
