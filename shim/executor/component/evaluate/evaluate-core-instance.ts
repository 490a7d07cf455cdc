import type { Definition } from "../binary/component-ast.ts";
import type { CoreExternType } from "../core/core-module.ts";
import { LIMITS } from "../limits.ts";
import type { CoreInstanceItem, CoreInstancePlan, CoreItem } from "../types/items.ts";
import { invalid, type Scope } from "../types/scope.ts";
import type { Evaluator } from "./evaluator.ts";
import { checkCoreExtern } from "./match-core.ts";
import { checkCoreFunc } from "./resolve-type.ts";

type Instantiate = Extract<Definition, { kind: "core instantiate" }>;

/** Plans the instantiation of a core module with the given arguments. */
export function evaluateCoreInstance(evaluator: Evaluator, ast: Instantiate, scope: Scope): CoreInstanceItem {
  const { at } = ast;
  const { index, info } = scope.get("core module", ast.module, at);
  const args = new Map(ast.args.map(({ name, instance }) => [name, scope.get("core instance", instance, at)]));
  const imports = info.imports.map(({ module, name, type }) => {
    const item = args.get(module)?.exports.get(name);
    const what = `the import "${module}" "${name}" of a core module`;
    if (type.kind === "tag") throw invalid(at, `${what} is an exception tag, which is not supported`, "UNSUPPORTED");
    if (item === undefined) throw invalid(at, `${what} is missing`);
    checkImport(item, type, at, what);
    return { module, name, item };
  });
  const id = evaluator.coreInstances.length;
  if (id >= LIMITS.coreInstances) {
    throw invalid(at, `there are more than ${LIMITS.coreInstances} core instances`, "LIMIT");
  }
  const instance: CoreInstancePlan = { id, module: index ?? -1, imports };
  evaluator.coreInstances.push(instance);
  return { exports: new Map(info.exports.flatMap(({ name, type }) => exportOf(instance, name, type))) };
}

function checkImport(item: CoreItem, type: CoreExternType, at: number, what: string): void {
  if (item.sort !== `core ${type.kind}`) throw invalid(at, `${what} is a ${item.sort}, not a core ${type.kind}`);
  if (item.sort === "core func") {
    if (type.kind === "func") checkCoreFunc(item.value, type, at, what);
  } else if ("extern" in item.value) checkCoreExtern(item.value.extern, type, at, what);
}

function exportOf(instance: CoreInstancePlan, name: string, extern: CoreExternType): [string, CoreItem][] {
  const base = { kind: "export" as const, instance, name, extern };
  if (extern.kind === "tag") return [];
  if (extern.kind === "func") return [[name, { sort: "core func", value: { ...base, type: extern } }]];
  const sort = ({ table: "core table", memory: "core memory", global: "core global" } as const)[extern.kind];
  return [[name, { sort, value: base }]];
}
