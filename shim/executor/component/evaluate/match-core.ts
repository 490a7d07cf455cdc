import type { CoreFuncType, CoreLimits } from "../binary/core-extern.ts";
import type { CoreExternType, CoreModuleInfo } from "../core/core-module.ts";
import { invalid } from "../types/scope.ts";

/** Fails unless what has the core type `found` can be imported as `expected`. */
export function checkCoreExtern(found: CoreExternType, expected: CoreExternType, at: number, what: string): void {
  if (!isCoreExtern(found, expected)) throw invalid(at, `${what} is a core ${expected.kind} of another type`);
}

function isCoreExtern(found: CoreExternType, expected: CoreExternType): boolean {
  if (expected.kind === "func") return found.kind === "func" && isSameCoreFunc(found, expected);
  if (expected.kind === "global") return found.kind === "global" && isGlobal(found, expected);
  if (expected.kind === "tag" || found.kind !== expected.kind) return false;
  const isElement = found.kind === "memory" || (expected.kind === "table" && found.element === expected.element);
  return isElement && isWithin(found.limits, expected.limits);
}

type Global = Extract<CoreExternType, { kind: "global" }>;

function isGlobal(found: Global, expected: Global): boolean {
  const isSame = found.type === expected.type || (!found.mutable && isNonNullOf(found.type, expected.type));
  return found.mutable === expected.mutable && isSame;
}

/** Whether a reference that is never null stands where one of the same type is needed that may be. */
function isNonNullOf(found: string, expected: string): boolean {
  return expected.startsWith("63") && found === `64${expected.slice(2)}`;
}

function isWithin(found: CoreLimits, expected: CoreLimits): boolean {
  if (found.is64 !== expected.is64 || found.shared !== expected.shared || found.min < expected.min) return false;
  return expected.max === undefined || (found.max !== undefined && found.max <= expected.max);
}

/** Fails unless a module of the type `found` can be used where one of the type `expected` is needed. */
export function checkModule(found: CoreModuleInfo, expected: CoreModuleInfo, at: number, what: string): void {
  for (const { module, name, type } of found.imports) {
    const given = expected.imports.find((item) => item.module === module && item.name === name);
    const needed = `${what} imports "${module}" "${name}", which`;
    if (given === undefined) throw invalid(at, `${needed} nobody gives it`);
    checkCoreExtern(given.type, type, at, needed);
  }
  for (const { name, type } of expected.exports) {
    const given = found.exports.find((item) => item.name === name);
    if (given === undefined) throw invalid(at, `${what} does not export "${name}"`);
    checkCoreExtern(given.type, type, at, `${what} exports "${name}", which`);
  }
}

/** Fails if a module imports or exports the same name twice: nobody could tell which is which. */
export function checkModuleNames({ imports, exports }: CoreModuleInfo, at: number): void {
  const imported = new Set(imports.map(({ module, name }) => JSON.stringify([module, name])));
  if (imported.size !== imports.length) throw invalid(at, "a core module imports the same name twice");
  const exported = new Set(exports.map(({ name }) => name));
  if (exported.size !== exports.length) throw invalid(at, "a core module exports the same name twice");
}

export function isSameCoreFunc(left: CoreFuncType, right: CoreFuncType): boolean {
  return coreFuncText(left) === coreFuncText(right);
}

export function coreFuncText({ params, results }: CoreFuncType): string {
  return `(${params.join(" ")}) -> (${results.join(" ")})`;
}
