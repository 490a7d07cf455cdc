import { isObjectPath } from "./dbus-text.ts";
import { alignmentOf, MAX_DEPTH, parseSignature, type BasicCode, type DBusType } from "./dbus-type.ts";
import { Variant, type DBusValue } from "./dbus-value.ts";
import { SystemdError } from "./systemd-error.ts";

export type ByteOrder = "little" | "big";

/** The specification allows 64 MiB; the limit on a message is lower anyway. */
const ARRAY_MAX_BYTES = 64 * 1024 * 1024;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads values as `signature` says. All of `bytes` must be used up, and `bytes` must start where a message (or its
 * body, which starts at a multiple of 8) does.
 *
 * @throws {SystemdError} `PROTOCOL` if the bytes break the rules.
 */
export function unmarshal(signature: string, bytes: Buffer, order: ByteOrder): readonly DBusValue[] {
  const reader = new Reader(bytes, order);
  const values = parseSignature(signature).map((type) => readValue(reader, type, 0));
  if (reader.at !== bytes.length) throw refuse(`${bytes.length - reader.at} bytes are left over`);
  return values;
}

class Reader {
  readonly #bytes: Buffer;
  readonly order: ByteOrder;
  #at = 0;

  constructor(bytes: Buffer, order: ByteOrder) {
    this.#bytes = bytes;
    this.order = order;
  }

  get at(): number {
    return this.#at;
  }

  /** The next `size` bytes after padding to `alignment`, which must be zero. */
  take(size: number, alignment: number): Buffer {
    const start = Math.ceil(this.#at / alignment) * alignment;
    if (start + size > this.#bytes.length) throw refuse("it ends too early");
    if (this.#bytes.subarray(this.#at, start).some((byte) => byte !== 0)) throw refuse("padding is not zero");
    this.#at = start + size;
    return this.#bytes.subarray(start, this.#at);
  }

  uint32(): number {
    const bytes = this.take(4, 4);
    return this.order === "little" ? bytes.readUInt32LE() : bytes.readUInt32BE();
  }
}

function readValue(reader: Reader, type: DBusType, depth: number): DBusValue {
  if (depth > MAX_DEPTH) throw refuse(`it is nested deeper than ${MAX_DEPTH} levels`);
  if (type.kind === "basic") return READ_BASIC[type.code](reader);
  if (type.kind === "variant") return readVariant(reader, depth);
  if (type.kind === "array") return readArray(reader, type.item, depth);
  reader.take(0, 8);
  return type.fields.map((field) => readValue(reader, field, depth + 1));
}

function readVariant(reader: Reader, depth: number): Variant {
  const signature = readText(reader, "short");
  const [type, ...others] = parseSignature(signature);
  if (type === undefined || others.length > 0) throw refuse(`"${signature}" in a variant is not one complete type`);
  return new Variant(signature, readValue(reader, type, depth + 1));
}

function readArray(reader: Reader, item: DBusType, depth: number): DBusValue {
  const size = reader.uint32();
  if (size > ARRAY_MAX_BYTES) throw refuse(`an array of ${size} bytes is too long`);
  reader.take(0, alignmentOf(item));
  if (item.kind === "basic" && item.code === "y") return Uint8Array.from(reader.take(size, 1));
  const end = reader.at + size;
  const items: DBusValue[] = [];
  while (reader.at < end) items.push(readValue(reader, item, depth + 1));
  if (reader.at !== end) throw refuse("an array's length cuts an item in two");
  return items;
}

const READ_BASIC: Readonly<Record<BasicCode, (reader: Reader) => DBusValue>> = {
  y: (reader) => reader.take(1, 1).readUInt8(),
  n: (reader) => pick(reader, reader.take(2, 2), "readInt16LE", "readInt16BE"),
  q: (reader) => pick(reader, reader.take(2, 2), "readUInt16LE", "readUInt16BE"),
  i: (reader) => pick(reader, reader.take(4, 4), "readInt32LE", "readInt32BE"),
  u: (reader) => reader.uint32(),
  x: (reader) => pick(reader, reader.take(8, 8), "readBigInt64LE", "readBigInt64BE"),
  t: (reader) => pick(reader, reader.take(8, 8), "readBigUInt64LE", "readBigUInt64BE"),
  d: (reader) => pick(reader, reader.take(8, 8), "readDoubleLE", "readDoubleBE"),
  b(reader) {
    const value = reader.uint32();
    if (value > 1) throw refuse(`${value} is no boolean`);
    return value === 1;
  },
  s: (reader) => readText(reader, "long"),
  o(reader) {
    const path = readText(reader, "long");
    if (!isObjectPath(path)) throw refuse(`"${path}" is no object path`);
    return path;
  },
  g(reader) {
    const signature = readText(reader, "short");
    parseSignature(signature);
    return signature;
  },
};

type ReadNumber =
  | "readInt16LE"
  | "readInt16BE"
  | "readUInt16LE"
  | "readUInt16BE"
  | "readInt32LE"
  | "readInt32BE"
  | "readBigInt64LE"
  | "readBigInt64BE"
  | "readBigUInt64LE"
  | "readBigUInt64BE"
  | "readDoubleLE"
  | "readDoubleBE";

function pick(reader: Reader, bytes: Buffer, little: ReadNumber, big: ReadNumber): number | bigint {
  return reader.order === "little" ? bytes[little]() : bytes[big]();
}

function readText(reader: Reader, form: "long" | "short"): string {
  const size = form === "long" ? reader.uint32() : reader.take(1, 1).readUInt8();
  const bytes = reader.take(size + 1, 1);
  if (bytes.indexOf(0) !== size) throw refuse("a string has no NUL at its end, or one within");
  return textFromUtf8(bytes.subarray(0, size));
}

function textFromUtf8(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    throw new SystemdError("PROTOCOL", "Cannot read a D-Bus message: a string is not UTF-8", { cause: error });
  }
}

function refuse(problem: string): SystemdError {
  return new SystemdError("PROTOCOL", `Cannot read a D-Bus message: ${problem}`);
}
