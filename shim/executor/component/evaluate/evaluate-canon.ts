import type { CanonAst, CanonOptions } from "../binary/component-ast.ts";
import type { CoreFuncType } from "../binary/core-extern.ts";
import type { CoreExport, CoreFunc, LiftedFunc, Options } from "../types/items.ts";
import { flattenFunc } from "../types/layout.ts";
import { invalid, type Scope } from "../types/scope.ts";
import type { FuncType } from "../types/wit-type.ts";
import { checkCoreFunc, resolveFuncIndex, resolveResource } from "./resolve-type.ts";

const REALLOC: CoreFuncType = { params: ["i32", "i32", "i32", "i32"], results: ["i32"] };
const RESOURCE_TYPES: Readonly<Record<"new" | "drop" | "rep", CoreFuncType>> = {
  new: { params: ["i32"], results: ["i32"] },
  drop: { params: ["i32"], results: [] },
  rep: { params: ["i32"], results: ["i32"] },
};

/** Adds the function that a canonical definition makes. */
export function evaluateCanon(ast: CanonAst, scope: Scope, at: number): void {
  if (ast.kind === "lift") scope.add("func", lift(ast, scope, at));
  else if (ast.kind === "lower") scope.add("core func", lower(ast, scope, at));
  else scope.add("core func", resourceFunc(ast, scope, at));
}

function lift(ast: Extract<CanonAst, { kind: "lift" }>, scope: Scope, at: number): LiftedFunc {
  const type = resolveFuncIndex(ast.type, { scope, at });
  const core = scope.get("core func", ast.coreFunc, at);
  const flat = flattenFunc(type, "lift");
  const options = resolveOptions(ast.options, scope, at); // First, for a 64-bit memory asks for another core type.
  checkCoreFunc(core, flat, at, "the lifted function");
  if (options.postReturn !== undefined) {
    checkCoreFunc(options.postReturn, { params: flat.results, results: [] }, at, "the post-return function");
  }
  const paramsNeedMemory = flat.paramsInMemory || hasPointerParams(type);
  require(options, {
    memory: paramsNeedMemory || needsMemory(type, flat.resultInMemory),
    realloc: paramsNeedMemory,
  }, at);
  return { kind: "lifted", core, options, type, owner: scope.owner };
}

function lower(ast: Extract<CanonAst, { kind: "lower" }>, scope: Scope, at: number): CoreFunc {
  const func = scope.get("func", ast.func, at);
  const flat = flattenFunc(func.type, "lower");
  const options = resolveOptions(ast.options, scope, at);
  const paramsNeedMemory = flat.paramsInMemory || hasPointerParams(func.type);
  const realloc = func.type.result?.hasPointer === true;
  require(options, { memory: paramsNeedMemory || needsMemory(func.type, flat.resultInMemory), realloc }, at);
  return { kind: "lowered", func, options, type: flat, owner: scope.owner };
}

function hasPointerParams(type: FuncType): boolean {
  return type.params.some((param) => param.type.hasPointer);
}

function needsMemory(type: FuncType, resultInMemory: boolean): boolean {
  return resultInMemory || type.result?.hasPointer === true;
}

function require(options: Options, needed: { readonly memory: boolean; readonly realloc: boolean }, at: number): void {
  if (needed.memory && options.memory === undefined) throw invalid(at, "the canonical option memory is missing");
  if (needed.realloc && options.realloc === undefined) throw invalid(at, "the canonical option realloc is missing");
}

function resolveOptions(ast: CanonOptions, scope: Scope, at: number): Options {
  const memory = ast.memory === undefined ? undefined : scope.get("core memory", ast.memory, at);
  const realloc = ast.realloc === undefined ? undefined : scope.get("core func", ast.realloc, at);
  const postReturn = ast.postReturn === undefined ? undefined : scope.get("core func", ast.postReturn, at);
  if (memory !== undefined) checkMemory(memory, at);
  if (realloc !== undefined) {
    checkCoreFunc(realloc, REALLOC, at, "realloc");
    if (memory === undefined) throw invalid(at, "the canonical option realloc stands without memory");
  }
  return { encoding: ast.encoding, memory, realloc, postReturn };
}

function checkMemory({ extern }: CoreExport, at: number): void {
  if (extern.kind !== "memory") throw invalid(at, "the canonical option memory is no memory");
  if (extern.limits.is64 || extern.limits.shared) {
    throw invalid(at, "a 64-bit or shared memory is not supported", "UNSUPPORTED");
  }
}

function resourceFunc(ast: Extract<CanonAst, { kind: "resource" }>, scope: Scope, at: number): CoreFunc {
  const { operation } = ast;
  const resource = resolveResource(ast.type, { scope, at });
  const isOwn = resource.origin.kind === "guest" && resource.origin.owner === scope.owner;
  if (operation !== "drop" && !isOwn) throw invalid(at, `resource.${operation} names a resource of another component`);
  return { kind: "resource", operation, resource, type: RESOURCE_TYPES[operation], owner: scope.owner };
}
