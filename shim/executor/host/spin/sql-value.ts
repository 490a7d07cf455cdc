import type { Result } from "../results.ts";
import { okOf } from "../results.ts";
import type { SqlResult, SqlValue } from "../spin-services.ts";

/** `value` of Spin's SQLite interfaces. */
export type WitSqlValue =
  | { readonly tag: "integer"; readonly val: bigint }
  | { readonly tag: "real"; readonly val: number }
  | { readonly tag: "text"; readonly val: string }
  | { readonly tag: "blob"; readonly val: Uint8Array }
  | { readonly tag: "null" };

const NULL: WitSqlValue = { tag: "null" };

/** A copy: the guest's memory does not hold. */
export function sqlValueFrom(value: WitSqlValue): SqlValue {
  if (value.tag === "null") return null;
  return value.tag === "blob" ? value.val.slice() : value.val;
}

export function witSqlResult({ columns, rows }: SqlResult): Result<unknown, never> {
  return okOf({ columns, rows: rows.map((values) => ({ values: values.map(witSqlValue) })) });
}

function witSqlValue(value: SqlValue): WitSqlValue {
  if (value === null) return NULL;
  if (typeof value === "bigint") return { tag: "integer", val: value };
  if (typeof value === "number") return { tag: "real", val: value };
  return typeof value === "string" ? { tag: "text", val: value } : { tag: "blob", val: value };
}
