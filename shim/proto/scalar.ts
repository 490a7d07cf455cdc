import { ProtoError } from "./proto-error.ts";
import { type Reader, WIRE } from "./reader.ts";
import type { Writer } from "./writer.ts";

/**
 * The scalar kinds and what they are in TypeScript. 64 bits are always a `bigint`: "no limit" in a cgroup is 2^64-1,
 * which no number holds.
 */
export interface ScalarValues {
  readonly string: string;
  readonly bytes: Uint8Array;
  readonly bool: boolean;
  readonly int32: number;
  readonly uint32: number;
  readonly enum: number;
  readonly int64: bigint;
  readonly uint64: bigint;
  readonly double: number;
}

export type ScalarName = keyof ScalarValues;

/** How a scalar is read and written. `write` checks what it gets: types do not say that a number is below 2^32. */
export interface Scalar {
  readonly wire: number;
  /** What an absent field is, and what is not written. */
  readonly zero: unknown;
  read(reader: Reader): unknown;
  /** @throws {ProtoError} `BAD_VALUE` */
  write(writer: Writer, value: unknown): void;
}

const INT32: Scalar = {
  wire: WIRE.varint,
  zero: 0,
  read: (reader) => reader.varint32() | 0,
  write(writer, value) {
    if (typeof value !== "number" || (value | 0) !== value) throw badValue("a 32-bit integer", value);
    writer.varint(value, value < 0 ? 0xffffffff : 0); // Negative numbers are written as 64 bits.
  },
};

export const SCALARS: Readonly<Record<ScalarName, Scalar>> = {
  string: {
    wire: WIRE.length,
    zero: "",
    read: (reader) => reader.string(),
    write(writer, value) {
      if (typeof value !== "string") throw badValue("a string", value);
      writer.string(value);
    },
  },
  bytes: {
    wire: WIRE.length,
    zero: new Uint8Array(),
    read: (reader) => reader.bytes(),
    write(writer, value) {
      if (!(value instanceof Uint8Array)) throw badValue("bytes", value);
      writer.bytes(value);
    },
  },
  bool: {
    wire: WIRE.varint,
    zero: false,
    read: (reader) => !reader.varintIsZero(),
    write(writer, value) {
      if (typeof value !== "boolean") throw badValue("a boolean", value);
      writer.varint(value ? 1 : 0);
    },
  },
  int32: INT32,
  enum: INT32,
  uint32: {
    wire: WIRE.varint,
    zero: 0,
    read: (reader) => reader.varint32(),
    write(writer, value) {
      if (typeof value !== "number" || value >>> 0 !== value) throw badValue("an unsigned 32-bit integer", value);
      writer.varint(value);
    },
  },
  int64: {
    wire: WIRE.varint,
    zero: 0n,
    read: (reader) => BigInt.asIntN(64, reader.varint64()),
    write(writer, value) {
      if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value) throw badValue("a 64-bit bigint", value);
      writeBigint(writer, BigInt.asUintN(64, value));
    },
  },
  uint64: {
    wire: WIRE.varint,
    zero: 0n,
    read: (reader) => reader.varint64(),
    write(writer, value) {
      if (typeof value !== "bigint" || BigInt.asUintN(64, value) !== value) {
        throw badValue("an unsigned 64-bit bigint", value);
      }
      writeBigint(writer, value);
    },
  },
  double: {
    wire: WIRE.fixed64,
    zero: 0,
    read: (reader) => reader.double(),
    write(writer, value) {
      if (typeof value !== "number") throw badValue("a number", value);
      writer.double(value);
    },
  },
};

/** Whether proto3 leaves the value out. -0 is not 0 to it. */
export function isZero(scalar: Scalar, value: unknown): boolean {
  return Object.is(value, scalar.zero) || (value instanceof Uint8Array && value.byteLength === 0);
}

/** `codec.ts` puts the name of the field in front. */
function badValue(expected: string, value: unknown): ProtoError {
  return new ProtoError("BAD_VALUE", `it must be ${expected}, not ${typeof value} ${String(value).slice(0, 40)}`);
}

function writeBigint(writer: Writer, value: bigint): void {
  writer.varint(Number(value & 0xffffffffn), Number(value >> 32n));
}
