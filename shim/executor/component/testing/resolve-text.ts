import type { TypePool } from "../types/type-pool.ts";
import type { ValType } from "../types/wit-type.ts";
import type { TypeText } from "./component-builder.ts";

/** The type that a text stands for. */
export function resolveText(text: TypeText, pool: TypePool): ValType {
  function part(inner: TypeText): ValType {
    return resolveText(inner, pool);
  }
  function optional(inner: TypeText | undefined): ValType | undefined {
    return inner === undefined ? undefined : part(inner);
  }
  if (typeof text === "string") return pool.value({ kind: text });
  if ("list" in text) return pool.value({ kind: "list", element: part(text.list) });
  if ("option" in text) return pool.value({ kind: "option", some: part(text.option) });
  if ("result" in text) {
    return pool.value({ kind: "result", ok: optional(text.result.ok), err: optional(text.result.err) });
  }
  if ("tuple" in text) return pool.value({ kind: "tuple", elements: text.tuple.map(part) });
  if ("enum" in text) return pool.value({ kind: "enum", names: text.enum });
  if ("flags" in text) return pool.value({ kind: "flags", names: text.flags });
  if ("record" in text) {
    return pool.value({
      kind: "record",
      fields: Object.entries(text.record).map(([name, type]) => ({ name, type: part(type) })),
    });
  }
  const cases = Object.entries(text.variant).map(([name, type]) => ({ name, type: optional(type) }));
  return pool.value({ kind: "variant", cases });
}
