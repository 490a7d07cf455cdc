import { isDBusString, isObjectPath } from "./dbus-text.ts";
import { alignmentOf, parseSignature, type BasicCode, type DBusType } from "./dbus-type.ts";
import { isList, Variant, type DBusValue } from "./dbus-value.ts";
import { SystemdError } from "./systemd-error.ts";

/**
 * Writes `values` as `signature` says, little-endian, as if at the start of a message.
 *
 * @throws {SystemdError} `INVALID_ARGUMENT` if a value does not have its type.
 * @see {@link https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol-marshaling}
 */
export function marshal(signature: string, values: readonly DBusValue[]): Buffer {
  const writer = new Writer();
  writeFields(writer, parseSignature(signature), values);
  return writer.bytes();
}

class Writer {
  #buffer = Buffer.alloc(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Room for `size` zero bytes after padding to `alignment`; returns where it starts. */
  reserve(size: number, alignment: number): number {
    const start = Math.ceil(this.#length / alignment) * alignment;
    const end = start + size;
    if (end > this.#buffer.length) {
      this.#buffer = Buffer.concat([this.#buffer], Math.max(end, this.#buffer.length * 2));
    }
    this.#length = end;
    return start;
  }

  /** The buffer as it is now; the next `reserve` may replace it. */
  get target(): Buffer {
    return this.#buffer;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}

function writeFields(writer: Writer, types: readonly DBusType[], values: readonly DBusValue[]): void {
  if (types.length !== values.length) throw refuse(`${types.length} values are expected, not ${values.length}`);
  for (const [index, type] of types.entries()) {
    const value = values[index];
    if (value === undefined) throw refuse(`value ${index} is missing`);
    writeValue(writer, type, value);
  }
}

function writeValue(writer: Writer, type: DBusType, value: DBusValue): void {
  if (type.kind === "basic") WRITE_BASIC[type.code](writer, value);
  else if (type.kind === "variant") writeVariant(writer, value);
  else if (type.kind === "array") writeArray(writer, type.item, value);
  else {
    writer.reserve(0, 8);
    writeFields(writer, type.fields, requireList(value));
  }
}

function writeVariant(writer: Writer, value: DBusValue): void {
  if (!(value instanceof Variant)) throw refuse("a variant is expected");
  const types = parseSignature(value.signature);
  if (types.length !== 1) throw refuse(`the signature "${value.signature}" of a variant is not one complete type`);
  WRITE_BASIC.g(writer, value.signature);
  writeFields(writer, types, [value.value]);
}

function writeArray(writer: Writer, item: DBusType, value: DBusValue): void {
  const lengthAt = writer.reserve(4, 4);
  const start = writer.reserve(0, alignmentOf(item)); // This padding does not count.
  if (value instanceof Uint8Array) writeBytes(writer, item, value);
  else for (const element of requireList(value)) writeValue(writer, item, element);
  writer.target.writeUInt32LE(writer.length - start, lengthAt);
}

function writeBytes(writer: Writer, item: DBusType, value: Uint8Array): void {
  if (item.kind !== "basic" || item.code !== "y") throw refuse("bytes are not expected");
  const at = writer.reserve(value.length, 1);
  writer.target.set(value, at);
}

function requireList(value: DBusValue): readonly DBusValue[] {
  if (isList(value)) return value;
  throw refuse("a list is expected");
}

type WriteBasic = (writer: Writer, value: DBusValue) => void;

const WRITE_BASIC: Readonly<Record<BasicCode, WriteBasic>> = {
  y: integerWriter(1, 0, 0xff),
  n: integerWriter(2, -0x8000, 0x7fff),
  q: integerWriter(2, 0, 0xffff),
  i: integerWriter(4, -0x8000_0000, 0x7fff_ffff),
  u: integerWriter(4, 0, 0xffff_ffff),
  x: longWriter(-(2n ** 63n), 2n ** 63n - 1n),
  t: longWriter(0n, 2n ** 64n - 1n),
  b(writer, value) {
    if (typeof value !== "boolean") throw refuse("a boolean is expected");
    const at = writer.reserve(4, 4);
    writer.target.writeUInt32LE(value ? 1 : 0, at);
  },
  d(writer, value) {
    if (typeof value !== "number") throw refuse("a number is expected");
    const at = writer.reserve(8, 8);
    writer.target.writeDoubleLE(value, at);
  },
  s(writer, value) {
    writeText(writer, textFrom(value), "long");
  },
  o(writer, value) {
    const text = textFrom(value);
    if (!isObjectPath(text)) throw refuse(`"${text}" is no object path`);
    writeText(writer, text, "long");
  },
  g(writer, value) {
    const text = textFrom(value);
    parseSignature(text);
    writeText(writer, text, "short");
  },
};

function integerWriter(size: 1 | 2 | 4, min: number, max: number): WriteBasic {
  return (writer, value) => {
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
      throw refuse(`a whole number from ${min} to ${max} is expected`);
    }
    const at = writer.reserve(size, size);
    if (min < 0) writer.target.writeIntLE(value, at, size);
    else writer.target.writeUIntLE(value, at, size);
  };
}

function longWriter(min: bigint, max: bigint): WriteBasic {
  return (writer, value) => {
    if (typeof value !== "bigint" || value < min || value > max) {
      throw refuse(`a bigint from ${min} to ${max} is expected`);
    }
    const at = writer.reserve(8, 8);
    if (min < 0n) writer.target.writeBigInt64LE(value, at);
    else writer.target.writeBigUInt64LE(value, at);
  };
}

function textFrom(value: DBusValue): string {
  if (typeof value !== "string") throw refuse("a string is expected");
  if (!isDBusString(value)) throw refuse("a string holds NUL or is not well-formed");
  return value;
}

/** Length (4 bytes, or 1 for a signature), the text, NUL. */
function writeText(writer: Writer, text: string, form: "long" | "short"): void {
  const size = Buffer.byteLength(text);
  const lengthBytes = form === "long" ? 4 : 1;
  const at = writer.reserve(lengthBytes + size + 1, lengthBytes);
  writer.target.writeUIntLE(size, at, lengthBytes);
  writer.target.write(text, at + lengthBytes);
}

function refuse(problem: string): SystemdError {
  return new SystemdError("INVALID_ARGUMENT", `Cannot write a D-Bus message: ${problem}`);
}
