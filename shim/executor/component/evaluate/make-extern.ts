import type { ExternAst } from "../binary/component-ast.ts";
import type { Item, TypeItem } from "../types/items.ts";
import { invalid } from "../types/scope.ts";
import type { Evaluator } from "./evaluator.ts";
import { resolveFuncIndex, resolveModule, type Place } from "./resolve-type.ts";

/** Makes an item that is only known by what `extern` declares: an import of the root, or of a component on trial. */
export function makeExtern(evaluator: Evaluator, extern: ExternAst, place: Place, path: readonly string[]): Item {
  if (extern.sort === "func") {
    const type = resolveFuncIndex(extern.type, place);
    return { sort: "func", value: { kind: "host", ...originOf(path), type, signature: evaluator.signatures.of(type) } };
  }
  if (extern.sort === "type") return { sort: "type", value: makeType(evaluator, extern, place, path) };
  if (extern.sort === "core module") {
    return { sort: "core module", value: { index: undefined, info: resolveModule(extern.type, place) } };
  }
  const declared = place.scope.get("type", extern.type, place.at);
  if (declared.kind !== extern.sort) throw invalid(place.at, `type ${extern.type} is no ${extern.sort} type`);
  if (declared.kind === "component") return { sort: "component", value: { kind: "declared", type: declared } };
  const exports = evaluator.declarations(declared, {
    import: undefined,
    export: (name, inner, innerPlace) => makeExtern(evaluator, inner, innerPlace, [...path, name]),
  });
  return { sort: "instance", value: { exports } };
}

function makeType(
  evaluator: Evaluator,
  { bound }: Extract<ExternAst, { sort: "type" }>,
  { scope, at }: Place,
  path: readonly string[],
): TypeItem {
  if (bound.kind === "eq") return scope.get("type", bound.type, at);
  return { kind: "resource", resource: evaluator.pool.resource({ kind: "host", ...originOf(path) }) };
}

/** A function of an interface, or one that the world imports by plain name. */
function originOf(path: readonly string[]): { readonly interface: string; readonly name: string } {
  return { interface: path.slice(0, -1).join(" "), name: path.at(-1) ?? "" };
}
