/**
 * A value as D-Bus carries it: `x` and `t` are bigint, the other numbers number, `ay` a Uint8Array, a struct or a
 * dictionary entry an array of its fields, a dictionary an array of entries.
 */
export type DBusValue = string | number | bigint | boolean | Uint8Array | Variant | readonly DBusValue[];

/** A value with its type beside it; `signature` is exactly one complete type. */
export class Variant {
  readonly signature: string;
  readonly value: DBusValue;

  constructor(signature: string, value: DBusValue) {
    this.signature = signature;
    this.value = value;
  }
}

export function isList(value: DBusValue | undefined): value is readonly DBusValue[] {
  return Array.isArray(value);
}

/** The list that `value` is; an empty one if it is none. */
export function listFrom(value: DBusValue | undefined): readonly DBusValue[] {
  return isList(value) ? value : [];
}

/** The string that `value` is; an empty one if it is none. */
export function textFrom(value: DBusValue | undefined): string {
  return typeof value === "string" ? value : "";
}
