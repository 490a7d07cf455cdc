import type { TomlValue } from "./toml-tree.ts";
import { isTable } from "./toml-tree.ts";

/** Whether two values mean the same; a table that is missing and one that is empty differ. */
export function sameValue(a: TomlValue | undefined, b: TomlValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (Array.isArray(a) && Array.isArray(b)) return sameList(a as readonly TomlValue[], b as readonly TomlValue[]);
  if (isTable(a) && isTable(b)) return sameTable(a, b);
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  return Object.is(a, b);
}

function sameList(a: readonly TomlValue[], b: readonly TomlValue[]): boolean {
  return a.length === b.length && a.every((value, index) => sameValue(value, b[index]));
}

function sameTable(a: Readonly<Record<string, TomlValue>>, b: Readonly<Record<string, TomlValue>>): boolean {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]))
  );
}
