import type { CoreValue } from "../core/web-assembly.ts";
import type { CoreNumber } from "../types/wit-type.ts";

/** Where the bits of a number are looked at as those of another. */
const SCRATCH = new DataView(new ArrayBuffer(8));

export function isSameFlat(left: readonly CoreNumber[], right: readonly CoreNumber[]): boolean {
  return left.length === right.length && left.every((type, index) => type === right[index]);
}

/** A payload's core value, as the core type that all cases share. */
export function toJoined(value: CoreValue, have: CoreNumber, want: CoreNumber): CoreValue {
  if (have === want) return value;
  const bits = bitsOf(value, have);
  return want === "i64" ? bits : Number(BigInt.asIntN(32, bits));
}

/** A payload's core value, out of the core type that all cases share. */
export function fromJoined(value: CoreValue, have: CoreNumber, want: CoreNumber): CoreValue {
  if (have === want) return value;
  const bits = bitsOf(value, have);
  if (want === "i32") return Number(BigInt.asIntN(32, bits));
  if (want === "i64") return bits;
  SCRATCH.setBigInt64(0, bits, true);
  return want === "f32" ? SCRATCH.getFloat32(0, true) : SCRATCH.getFloat64(0, true);
}

function bitsOf(value: CoreValue, type: CoreNumber): bigint {
  if (type === "i32") return BigInt.asUintN(32, BigInt(value));
  if (type === "i64") return BigInt(value);
  SCRATCH.setBigInt64(0, 0n, true);
  if (type === "f32") SCRATCH.setFloat32(0, Number(value), true);
  else SCRATCH.setFloat64(0, Number(value), true);
  return SCRATCH.getBigInt64(0, true);
}
