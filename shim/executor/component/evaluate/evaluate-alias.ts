import type { AliasAst, CoreTypeAst, ModuleDeclarationAst, Sort } from "../binary/component-ast.ts";
import type { CoreExternAst, CoreFuncType } from "../binary/core-extern.ts";
import type { CoreExternType, CoreModuleInfo } from "../core/core-module.ts";
import type { CoreItem, CoreTypeItem, Item, TypeItem } from "../types/items.ts";
import { invalid, type Scope } from "../types/scope.ts";
import { checkModuleNames } from "./match-core.ts";
import type { Place } from "./resolve-type.ts";

const TYPE_SORTS: ReadonlySet<Sort> = new Set(["type", "instance", "core type"]);
const OUTER_SORTS: ReadonlySet<Sort> = new Set(["type", "component", "core module", "core type"]);

/** Adds what an alias names to the scope. */
export function evaluateAlias(alias: AliasAst, scope: Scope, at: number): void {
  const isInType = scope.owner < 0;
  if (isInType && !TYPE_SORTS.has(alias.sort)) throw invalid(at, `a type cannot name a ${alias.sort}`);
  if (alias.kind === "alias outer") scope.addItem(outerItem(alias, scope, at));
  else scope.addItem(exportedItem(alias, scope, at));
}

function exportedItem(alias: Exclude<AliasAst, { kind: "alias outer" }>, scope: Scope, at: number): Item {
  const { sort, instance, name } = alias;
  const from = alias.kind === "alias export" ? "instance" : "core instance";
  const item: Item | CoreItem | undefined = scope.get(from, instance, at).exports.get(name);
  if (item?.sort === sort) return item;
  const found = item === undefined ? "nothing of that name" : `a ${item.sort}`;
  throw invalid(at, `${from} ${instance} exports ${found}, not the ${sort} "${name}"`);
}

function outerItem(alias: Extract<AliasAst, { kind: "alias outer" }>, scope: Scope, at: number): Item {
  const { sort, count, index } = alias;
  if (!OUTER_SORTS.has(sort)) throw invalid(at, `a ${sort} of an enclosing component cannot be named`);
  const item = scope.outer(count, at).item(sort, index, at);
  if (item.sort !== "type" || !hasResource(item.value)) return item;
  for (let level = 0; level < count; level += 1) {
    if (scope.outer(level, at).owner >= 0) {
      throw invalid(at, "a resource type of an enclosing component cannot be named, nor a type that contains one");
    }
  }
  scope.takesResource = true;
  return item;
}

/** Whether a type refers to a resource type that stands outside of it. */
function hasResource(item: TypeItem): boolean {
  if (item.kind === "resource") return true;
  if (item.kind === "value") return item.type.resources.size > 0;
  if (item.kind !== "func") return item.takesResource;
  const { params, result } = item.type;
  return params.some(({ type }) => type.resources.size > 0) || (result !== undefined && result.resources.size > 0);
}

/** The item for a core type. */
export function moduleInfoOf(ast: CoreTypeAst, place: Place): CoreTypeItem {
  if (ast.kind === "func") return ast;
  const types: CoreFuncType[] = [];
  const imports: CoreModuleInfo["imports"][number][] = [];
  const exports: CoreModuleInfo["exports"][number][] = [];
  for (const declaration of ast.declarations) {
    if (declaration.kind === "type") types.push(declaration.type);
    else if (declaration.kind === "alias outer") types.push(outerFuncType(declaration, place));
    else if (declaration.kind === "import") {
      const { module, name, extern } = declaration;
      imports.push({ module, name, type: resolveExtern(extern, types, place) });
    } else exports.push({ name: declaration.name, type: resolveExtern(declaration.extern, types, place) });
  }
  const info = { imports, exports };
  checkModuleNames(info, place.at);
  return { kind: "module", info };
}

function outerFuncType(
  { count, index }: Extract<ModuleDeclarationAst, { kind: "alias outer" }>,
  { scope, at }: Place,
): CoreFuncType {
  if (count === 0) throw invalid(at, "a module type names a type of its own as one of an enclosing component");
  const type = scope.outer(count - 1, at).get("core type", index, at);
  if (type.kind !== "func") throw invalid(at, `core type ${index} is no function type`);
  return type.type;
}

function resolveExtern(extern: CoreExternAst, types: readonly CoreFuncType[], { at }: Place): CoreExternType {
  if (extern.kind === "tag") return { kind: "tag" };
  if (extern.kind !== "func") return extern;
  const type = types[extern.type];
  if (type === undefined) throw invalid(at, `core type ${extern.type} is not defined in the module type`);
  return { kind: "func", ...type };
}
