import type { Primitive } from "../binary/component-ast.ts";
import { WasmTrap } from "../errors.ts";
import type { WitValue } from "../host-interface.ts";
import type { Codec } from "./codec.ts";

type Scalar = Exclude<Primitive, "string">;

const LITTLE = true;

/** The codecs of types that are one core value. What the host gives is converted as WebAssembly converts: by wrapping. */
export const SCALAR_CODECS: Readonly<Record<Scalar, Codec>> = {
  bool: {
    load: ({ view }, pointer) => view.getUint8(pointer) !== 0,
    store: ({ view }, value, pointer) => view.setUint8(pointer, value === true ? 1 : 0),
    lift: (_context, flat, at) => flat[at] !== 0,
    lower: (_context, value, flat) => void flat.push(value === true ? 1 : 0),
  },
  s8: {
    load: ({ view }, pointer) => view.getInt8(pointer),
    store: ({ view }, value, pointer) => view.setInt8(pointer, numberOf(value)),
    lift: (_context, flat, at) => (Number(flat[at]) << 24) >> 24,
    lower: (_context, value, flat) => void flat.push((numberOf(value) << 24) >> 24),
  },
  u8: {
    load: ({ view }, pointer) => view.getUint8(pointer),
    store: ({ view }, value, pointer) => view.setUint8(pointer, numberOf(value)),
    lift: (_context, flat, at) => Number(flat[at]) & 0xff,
    lower: (_context, value, flat) => void flat.push(numberOf(value) & 0xff),
  },
  s16: {
    load: ({ view }, pointer) => view.getInt16(pointer, LITTLE),
    store: ({ view }, value, pointer) => view.setInt16(pointer, numberOf(value), LITTLE),
    lift: (_context, flat, at) => (Number(flat[at]) << 16) >> 16,
    lower: (_context, value, flat) => void flat.push((numberOf(value) << 16) >> 16),
  },
  u16: {
    load: ({ view }, pointer) => view.getUint16(pointer, LITTLE),
    store: ({ view }, value, pointer) => view.setUint16(pointer, numberOf(value), LITTLE),
    lift: (_context, flat, at) => Number(flat[at]) & 0xffff,
    lower: (_context, value, flat) => void flat.push(numberOf(value) & 0xffff),
  },
  s32: {
    load: ({ view }, pointer) => view.getInt32(pointer, LITTLE),
    store: ({ view }, value, pointer) => view.setInt32(pointer, numberOf(value), LITTLE),
    lift: (_context, flat, at) => Number(flat[at]),
    lower: (_context, value, flat) => void flat.push(numberOf(value) | 0),
  },
  u32: {
    load: ({ view }, pointer) => view.getUint32(pointer, LITTLE),
    store: ({ view }, value, pointer) => view.setUint32(pointer, numberOf(value), LITTLE),
    lift: (_context, flat, at) => Number(flat[at]) >>> 0,
    lower: (_context, value, flat) => void flat.push(numberOf(value) | 0),
  },
  s64: {
    load: ({ view }, pointer) => view.getBigInt64(pointer, LITTLE),
    store: ({ view }, value, pointer) => view.setBigInt64(pointer, bigintOf(value), LITTLE),
    lift: (_context, flat, at) => BigInt(flat[at] ?? 0),
    lower: (_context, value, flat) => void flat.push(bigintOf(value)),
  },
  u64: {
    load: ({ view }, pointer) => view.getBigUint64(pointer, LITTLE),
    store: ({ view }, value, pointer) => view.setBigUint64(pointer, bigintOf(value), LITTLE),
    lift: (_context, flat, at) => BigInt.asUintN(64, BigInt(flat[at] ?? 0)),
    lower: (_context, value, flat) => void flat.push(bigintOf(value)),
  },
  f32: {
    load: ({ view }, pointer) => view.getFloat32(pointer, LITTLE),
    store: ({ view }, value, pointer) => view.setFloat32(pointer, numberOf(value), LITTLE),
    lift: (_context, flat, at) => Number(flat[at]),
    lower: (_context, value, flat) => void flat.push(Math.fround(numberOf(value))),
  },
  f64: {
    load: ({ view }, pointer) => view.getFloat64(pointer, LITTLE),
    store: ({ view }, value, pointer) => view.setFloat64(pointer, numberOf(value), LITTLE),
    lift: (_context, flat, at) => Number(flat[at]),
    lower: (_context, value, flat) => void flat.push(numberOf(value)),
  },
  char: {
    load: ({ view }, pointer) => charOf(view.getUint32(pointer, LITTLE)),
    store: ({ view }, value, pointer) => view.setUint32(pointer, codePointOf(value), LITTLE),
    lift: (_context, flat, at) => charOf(Number(flat[at]) >>> 0),
    lower: (_context, value, flat) => void flat.push(codePointOf(value)),
  },
};

function numberOf(value: WitValue): number {
  if (typeof value === "number") return value;
  throw new TypeError(`Cannot give the guest a number: got ${typeof value}`);
}

function bigintOf(value: WitValue): bigint {
  if (typeof value === "bigint") return value;
  throw new TypeError(`Cannot give the guest a 64-bit number: got ${typeof value}, a bigint is needed`);
}

function charOf(codePoint: number): string {
  const isScalar = codePoint < 0xd800 || (codePoint > 0xdfff && codePoint <= 0x10ffff);
  if (!isScalar) throw new WasmTrap(`${codePoint} is no character`);
  return String.fromCodePoint(codePoint);
}

function codePointOf(value: WitValue): number {
  const codePoint = typeof value === "string" ? value.codePointAt(0) : undefined;
  if (codePoint === undefined || String.fromCodePoint(codePoint) !== value) {
    throw new TypeError("Cannot give the guest a character: got no string of one character");
  }
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) {
    throw new TypeError("Cannot give the guest a character: got half of a surrogate pair");
  }
  return codePoint;
}
