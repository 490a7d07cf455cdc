import type { WitValue } from "../host-interface.ts";
import { alignTo } from "../types/layout.ts";
import type { Field, ValType } from "../types/wit-type.ts";
import type { CallContext } from "./call-context.ts";
import type { Codec, CodecOf } from "./codec.ts";

interface Part {
  readonly codec: Codec;
  readonly offset: number;
  /** Where its core values begin among those of the whole. */
  readonly flatOffset: number;
}

interface NamedPart extends Part {
  readonly key: string;
}

/** The parts of a record or tuple, or the parameters of a function, laid out one after the other. */
export function partsOf(types: readonly ValType[], codecOf: CodecOf<ValType>): readonly Part[] {
  let offset = 0;
  let flatOffset = 0;
  return types.map((type) => {
    offset = alignTo(offset, type.layout.align);
    const part = { codec: codecOf(type), offset, flatOffset };
    offset += type.layout.size;
    flatOffset += type.layout.flat.length;
    return part;
  });
}

export function tupleCodec(elements: readonly ValType[], codecOf: CodecOf<ValType>): Codec {
  const parts = partsOf(elements, codecOf);
  return {
    load: (context, pointer) => parts.map(({ codec, offset }) => codec.load(context, pointer + offset)),
    store: (context, value, pointer) => {
      const values = tupleOf(value, parts.length);
      parts.forEach(({ codec, offset }, index) => codec.store(context, values[index], pointer + offset));
    },
    lift: (context, flat, at) => parts.map(({ codec, flatOffset }) => codec.lift(context, flat, at + flatOffset)),
    lower: (context, value, flat) => {
      const values = tupleOf(value, parts.length);
      parts.forEach(({ codec }, index) => codec.lower(context, values[index], flat));
    },
  };
}

function tupleOf(value: WitValue, length: number): readonly WitValue[] {
  if (Array.isArray(value) && value.length === length) return value as readonly WitValue[];
  throw new TypeError(`Cannot give the guest a tuple: got no array of ${length} elements`);
}

export function recordCodec(fields: readonly Field[], codecOf: CodecOf<ValType>): Codec {
  const layout = partsOf(
    fields.map(({ type }) => type),
    codecOf,
  );
  const parts = layout.map((part, index): NamedPart => ({
    codec: part.codec,
    offset: part.offset,
    flatOffset: part.flatOffset,
    key: camelCase(fields[index]?.name ?? ""),
  }));
  return {
    load: (context, pointer) => loadRecord(parts, context, pointer),
    store: (context, value, pointer) => {
      const record = recordOf(value);
      for (const { key, codec, offset } of parts) codec.store(context, record[key], pointer + offset);
    },
    lift: (context, flat, at) => {
      const record: Record<string, WitValue> = {};
      for (const { key, codec, flatOffset } of parts) record[key] = codec.lift(context, flat, at + flatOffset);
      return record;
    },
    lower: (context, value, flat) => {
      const record = recordOf(value);
      for (const { key, codec } of parts) codec.lower(context, record[key], flat);
    },
  };
}

function loadRecord(parts: readonly NamedPart[], context: CallContext, pointer: number): WitValue {
  const record: Record<string, WitValue> = {};
  for (const { key, codec, offset } of parts) record[key] = codec.load(context, pointer + offset);
  return record;
}

/** Objects with string keys, whatever else they are. */
export function recordOf(value: WitValue): Readonly<Record<string, WitValue>> {
  if (typeof value !== "object") throw new TypeError(`Cannot give the guest a record: got ${typeof value}`);
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- Each property is checked when it is lowered.
  return value as Record<string, WitValue>;
}

export function flagsCodec(names: readonly string[], size: number): Codec {
  const keys = names.map(camelCase);
  function toObject(bits: number): WitValue {
    return Object.fromEntries(keys.map((key, index) => [key, ((bits >>> index) & 1) === 1]));
  }
  function toBits(value: WitValue): number {
    const flags = recordOf(value);
    return keys.reduce((bits, key, index) => (flags[key] === true ? bits | (1 << index) : bits), 0);
  }
  return {
    load: ({ view }, pointer) => toObject(loadUnsigned(view, pointer, size)),
    store: ({ view }, value, pointer) => storeUnsigned(view, pointer, size, toBits(value)),
    lift: (_context, flat, at) => toObject(Number(flat[at])),
    lower: (_context, value, flat) => void flat.push(toBits(value)),
  };
}

/** A little-endian unsigned number of 1, 2 or 4 bytes. */
export function loadUnsigned(view: DataView, pointer: number, size: number): number {
  if (size === 1) return view.getUint8(pointer);
  return size === 2 ? view.getUint16(pointer, true) : view.getUint32(pointer, true);
}

export function storeUnsigned(view: DataView, pointer: number, size: number, value: number): void {
  if (size === 1) view.setUint8(pointer, value);
  else if (size === 2) view.setUint16(pointer, value, true);
  else view.setUint32(pointer, value, true);
}

/** `some-NAME` as `someName`. */
export function camelCase(name: string): string {
  return name
    .toLowerCase()
    .split("-")
    .map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join("");
}
