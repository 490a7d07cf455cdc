/**
 * A small protobuf codec that works from tables: plain objects in, bytes out, and back.
 *
 * A message is declared once, and its type follows from the declaration:
 *
 *     export const Mount = message("Mount", { type: one(1, "string"), options: many(4, "string") });
 *     export type Mount = MessageOf<typeof Mount>;
 *
 * proto3 throughout. In what is decoded, an absent message or optional field is `undefined`, an absent scalar its zero,
 * an absent list or map is empty. When encoding, any field may be left out. Decoded `bytes` share the input's memory.
 *
 * @see {@link https://protobuf.dev/programming-guides/encoding/}
 */
import { messageOf } from "@rcm/lib/errors";
import { ProtoError } from "./proto-error.ts";
import { Reader, WIRE } from "./reader.ts";
import { isZero, type Scalar, type ScalarName, type ScalarValues, SCALARS } from "./scalar.ts";
import { Writer } from "./writer.ts";

type Label = "one" | "optional" | "many" | "map";
type ElementType = ScalarName | MessageType<Fields>;

interface Field<L extends Label, T extends ElementType> {
  readonly label: L;
  readonly number: number;
  readonly type: T;
}

type AnyField = Field<Label, ElementType>;
type Fields = Readonly<Record<string, AnyField>>;

/** A scalar, or a message that may be absent. */
export function one<T extends ElementType>(number: number, type: T): Field<"one", T> {
  return { label: "one", number, type };
}

/** A scalar whose absence is told apart from its zero: `optional` in a proto3 file. */
export function optional<T extends ScalarName>(number: number, type: T): Field<"optional", T> {
  return { label: "optional", number, type };
}

/** `repeated`: numbers are written packed and read either way. */
export function many<T extends ElementType>(number: number, type: T): Field<"many", T> {
  return { label: "many", number, type };
}

/** `map<string, string>`, the only map that we need. */
export function stringMap(number: number): Field<"map", "string"> {
  return { label: "map", number, type: "string" };
}

/** Declares a message. `name` is for errors. */
export function message<F extends Fields>(name: string, fields: F): MessageType<F> {
  return new MessageType(name, fields);
}

type Element<T> = T extends ScalarName ? ScalarValues[T] : MessageOf<T>;
type ElementInput<T> = T extends ScalarName ? ScalarValues[T] : InputOf<T>;

type Value<F> =
  F extends Field<"many", infer T>
    ? readonly Element<T>[]
    : F extends Field<"map", "string">
      ? ReadonlyMap<string, string>
      : F extends Field<"one", infer T>
        ? T extends ScalarName
          ? ScalarValues[T]
          : MessageOf<T> | undefined
        : F extends Field<"optional", infer T>
          ? Element<T> | undefined
          : never;

type Input<F> =
  F extends Field<"many", infer T>
    ? readonly ElementInput<T>[]
    : F extends Field<"map", "string">
      ? ReadonlyMap<string, string>
      : F extends Field<Label, infer T>
        ? ElementInput<T>
        : never;

/** What decoding gives. */
export type MessageOf<M> = M extends MessageType<infer F> ? { readonly [K in keyof F]: Value<F[K]> } : never;

/** What encoding takes: the same with every field optional, at every level. */
export type InputOf<M> = M extends MessageType<infer F> ? { readonly [K in keyof F]?: Input<F[K]> | undefined } : never;

type Target = Record<string, unknown>;
type Entry = readonly [name: string, field: AnyField];

/** A message's declaration, able to encode and decode it. */
export class MessageType<F extends Fields> {
  readonly name: string;
  readonly fields: F;
  readonly #entries: readonly Entry[];
  readonly #byNumber: ReadonlyMap<number, Entry>;

  constructor(name: string, fields: F) {
    this.name = name;
    this.fields = fields;
    this.#entries = Object.entries(fields);
    this.#byNumber = new Map(this.#entries.map((entry) => [entry[1].number, entry]));
  }

  /** @throws {ProtoError} `BAD_VALUE` for a value that its field cannot hold. */
  encode(input: InputOf<MessageType<F>>): Uint8Array {
    const writer = new Writer();
    this.writeTo(writer, input);
    return writer.finish();
  }

  /** @throws {ProtoError} `MALFORMED`, `TOO_LARGE` */
  decode(bytes: Uint8Array): MessageOf<MessageType<F>> {
    const reader = new Reader(bytes, this.name);
    const target = this.createTarget();
    this.readInto(reader, target);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- readInto fills it by the table that F is from
    return target as MessageOf<MessageType<F>>;
  }

  /** All fields absent. */
  createTarget(): Target {
    const target: Target = {};
    for (const [name, field] of this.#entries) target[name] = absent(field);
    return target;
  }

  /** Reads up to the reader's end. A message that comes in two pieces is merged, as protobuf has it. */
  readInto(reader: Reader, target: Target): void {
    while (!reader.atEnd) {
      reader.name(this.name, "");
      const tag = reader.tag();
      const entry = this.#byNumber.get(tag >>> 3);
      if (entry === undefined) {
        reader.skip(tag);
        continue;
      }
      reader.name(this.name, entry[0]);
      readField(reader, tag & 7, entry, target);
    }
  }

  writeTo(writer: Writer, input: Readonly<Record<string, unknown>>): void {
    for (const [name, field] of this.#entries) {
      const value = input[name];
      if (value === undefined) continue;
      try {
        writeField(writer, field, value);
      } catch (error) {
        if (!(error instanceof ProtoError) || error.message.startsWith("Cannot ")) throw error;
        throw new ProtoError("BAD_VALUE", `Cannot encode "${this.name}.${name}": ${messageOf(error)}`);
      }
    }
  }
}

const MAP_ENTRY = message("MapEntry", { key: one(1, "string"), value: one(2, "string") });

function absent({ label, type }: AnyField): unknown {
  if (label === "many") return [];
  if (label === "map") return new Map<string, string>();
  return label === "one" && typeof type === "string" ? SCALARS[type].zero : undefined;
}

function readField(reader: Reader, wire: number, [name, field]: Entry, target: Target): void {
  const { label, type } = field;
  if (label === "map") {
    readMapEntry(reader, wire, target[name]);
  } else if (typeof type !== "string") {
    readMessage(reader, wire, { name, type, label }, target);
  } else if (label === "many") {
    readElements(reader, wire, SCALARS[type], target[name]);
  } else {
    target[name] = readScalar(reader, wire, SCALARS[type]);
  }
}

function readScalar(reader: Reader, wire: number, scalar: Scalar): unknown {
  checkWire(reader, wire, scalar.wire);
  return scalar.read(reader);
}

function readElements(reader: Reader, wire: number, scalar: Scalar, list: unknown): void {
  if (!Array.isArray(list)) return;
  if (wire !== WIRE.length || scalar.wire === WIRE.length) {
    reader.countElement();
    list.push(readScalar(reader, wire, scalar));
    return;
  }
  const outer = reader.enter();
  while (!reader.atEnd) {
    reader.countElement();
    list.push(scalar.read(reader));
  }
  reader.leave(outer);
}

interface MessageField {
  readonly name: string;
  readonly label: Label;
  readonly type: MessageType<Fields>;
}

function readMessage(reader: Reader, wire: number, { name, type, label }: MessageField, target: Target): void {
  checkWire(reader, wire, WIRE.length);
  const known = target[name];
  const value = isTarget(known) ? known : type.createTarget();
  if (label === "many" && Array.isArray(known)) {
    reader.countElement();
    known.push(value);
  } else {
    target[name] = value;
  }
  const outer = reader.enter();
  type.readInto(reader, value);
  reader.leave(outer);
}

function isTarget(value: unknown): value is Target {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readMapEntry(reader: Reader, wire: number, map: unknown): void {
  if (!(map instanceof Map)) return;
  checkWire(reader, wire, WIRE.length);
  reader.countElement();
  const outer = reader.enter();
  const entry = MAP_ENTRY.createTarget();
  MAP_ENTRY.readInto(reader, entry);
  reader.leave(outer);
  map.set(entry["key"], entry["value"]);
}

function checkWire(reader: Reader, wire: number, expected: number): void {
  if (wire !== expected) reader.fail(`its wire type is ${String(wire)}, not ${String(expected)}`);
}

function writeField(writer: Writer, { label, number, type }: AnyField, value: unknown): void {
  if (label === "map") {
    if (!(value instanceof Map)) throw new ProtoError("BAD_VALUE", "it must be a Map");
    for (const [key, text] of value as ReadonlyMap<unknown, unknown>) {
      writeMessage(writer, number, MAP_ENTRY, { key, value: text });
    }
  } else if (label === "many") {
    if (!Array.isArray(value)) throw new ProtoError("BAD_VALUE", "it must be an array");
    writeElements(writer, number, type, value);
  } else if (typeof type !== "string") {
    writeMessage(writer, number, type, value);
  } else if (label === "optional" || !isZero(SCALARS[type], value)) {
    writeScalar(writer, number, SCALARS[type], value);
  }
}

function writeElements(writer: Writer, number: number, type: ElementType, list: readonly unknown[]): void {
  if (typeof type !== "string") {
    for (const element of list) writeMessage(writer, number, type, element);
    return;
  }
  const scalar = SCALARS[type];
  if (scalar.wire === WIRE.length) {
    for (const element of list) writeScalar(writer, number, scalar, element);
  } else if (list.length > 0) {
    writer.tag(number, WIRE.length);
    writer.nested(() => {
      for (const element of list) scalar.write(writer, element);
    });
  }
}

function writeScalar(writer: Writer, number: number, scalar: Scalar, value: unknown): void {
  writer.tag(number, scalar.wire);
  scalar.write(writer, value);
}

function writeMessage(writer: Writer, number: number, type: MessageType<Fields>, value: unknown): void {
  if (!isTarget(value)) throw new ProtoError("BAD_VALUE", `it must be a ${type.name}`);
  writer.tag(number, WIRE.length);
  writer.nested(() => {
    type.writeTo(writer, value);
  });
}
