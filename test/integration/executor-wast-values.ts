import type { WitValue } from "@rcm/shim/executor/component/host-interface";
import type { WastValue } from "./executor-wast-commands.ts";

type Reader = (value: unknown) => WitValue;

const READERS: Readonly<Record<string, Reader>> = {
  bool: (value) => value === true,
  ...Object.fromEntries(["u8", "s8", "u16", "s16", "u32", "s32"].map((type) => [type, Number])),
  u64: (value) => BigInt.asUintN(64, BigInt(String(value))),
  s64: (value) => BigInt.asIntN(64, BigInt(String(value))),
  f32: (value) => new Float32Array(Uint32Array.of(Number(value)).buffer)[0],
  f64: (value) => new Float64Array(BigUint64Array.of(BigInt(String(value))).buffer)[0],
  char: String,
  string: String,
  enum: String,
  list: (value) => listOf(many(value)),
  tuple: (value) => many(value).map(witValue),
  record: (value) => Object.fromEntries(fields(value).map(([name, item]) => [camelCase(name), witValue(item)])),
  flags: (value) => Object.fromEntries((value as readonly string[]).map((name) => [camelCase(name), true])),
  option: (value) => optionOf(value as WastValue | null),
  variant: (value) => {
    const { case: tag, payload } = value as { readonly case: string; readonly payload?: WastValue };
    return tagged(tag, payload);
  },
  result: (value) => {
    const [tag, payload] = Object.entries(value as Record<string, WastValue | null>)[0] ?? [""];
    return tagged(tag.toLowerCase(), payload ?? undefined);
  },
};

/** The executor's form of a value in a `.wast` file. */
export function witValue({ type, value }: WastValue): WitValue {
  const read = READERS[type];
  if (read === undefined) throw new Error(`Cannot read a value of a .wast file: its type "${type}" is not known here`);
  return read(value);
}

function many(value: unknown): readonly WastValue[] {
  return value as readonly WastValue[];
}

function fields(value: unknown): readonly (readonly [string, WastValue])[] {
  return value as readonly (readonly [string, WastValue])[];
}

function listOf(items: readonly WastValue[]): WitValue {
  const values = items.map(witValue);
  return items[0]?.type === "u8" ? Uint8Array.from(values as readonly number[]) : values;
}

/** What a `.wast` file says of an empty option is not of which type it is: options of options can not be told. */
function optionOf(some: WastValue | null): WitValue {
  if (some === null) return undefined;
  return some.type === "option" ? { tag: "some", val: witValue(some) } : witValue(some);
}

function tagged(tag: string, payload: WastValue | undefined): WitValue {
  return payload === undefined ? { tag } : { tag, val: witValue(payload) };
}

function camelCase(name: string): string {
  return name.toLowerCase().replaceAll(/-(.)/g, (_match, letter: string) => letter.toUpperCase());
}
