import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import protobuf from "protobufjs";
import { BootstrapParams, BootstrapResult } from "./bootstrap.ts";
import { many, message, type MessageOf, type MessageType, one, optional, stringMap } from "./codec.ts";
import { ForwardRequest, TaskCreate } from "./events.ts";
import { RuncOptions } from "./options.ts";
import { ProtoError } from "./proto-error.ts";
import { MetricsV1 } from "./stats-v1.ts";
import { MetricsV2 } from "./stats-v2.ts";
import { CreateTaskRequest, StateResponse, UpdateTaskRequest } from "./task.ts";

const Inner = message("Inner", { text: one(1, "string"), number: one(2, "uint32"), list: many(3, "int64") });
const Everything = message("Everything", {
  string: one(1, "string"),
  bytes: one(2, "bytes"),
  bool: one(3, "bool"),
  int32: one(4, "int32"),
  uint32: one(5, "uint32"),
  enum: one(6, "enum"),
  int64: one(7, "int64"),
  uint64: one(8, "uint64"),
  double: one(9, "double"),
  inner: one(10, Inner),
  strings: many(15, "string"),
  blobs: many(16, "bytes"),
  bools: many(17, "bool"),
  int32s: many(18, "int32"),
  uint64s: many(19, "uint64"),
  doubles: many(20, "double"),
  inners: many(2047, Inner),
  map: stringMap(2048),
  maybe: optional(536_870_911, "string"),
  maybeNumber: optional(22, "int32"),
});
type Everything = MessageOf<typeof Everything>;

/** The declaration of any message: that of Everything has all kinds of fields. */
type AnyType = MessageType<typeof Everything.fields>;
type AnyField = AnyType["fields"][keyof AnyType["fields"]];
type Properties = Record<string, unknown>;

const TYPES = [
  Everything,
  BootstrapParams,
  BootstrapResult,
  CreateTaskRequest,
  ForwardRequest,
  MetricsV1,
  MetricsV2,
  RuncOptions,
  StateResponse,
  TaskCreate,
  UpdateTaskRequest,
] as unknown as readonly AnyType[];

describe("MessageType beside protobufjs", () => {
  for (const type of TYPES) {
    const theirs = protobufType(type);

    it(`encodes a ${type.name} as protobufjs reads it`, () => {
      const check = fc.property(valuesOf(type), (value) => {
        const decoded = theirs.decode(type.encode(value));
        const object = theirs.toObject(decoded, { longs: String, arrays: true, objects: true, defaults: true });
        expect(fromTheirs(type, object)).to.deep.equal(value);
      });
      fc.assert(check, { numRuns: 100 });
    });

    it(`decodes a ${type.name} that protobufjs wrote`, () => {
      const check = fc.property(valuesOf(type), (value) => {
        const encoded = theirs.encode(theirs.fromObject(toTheirs(value))).finish();
        expect(withPlainBytes(type.decode(encoded))).to.deep.equal(value);
      });
      fc.assert(check, { numRuns: 100 });
    });
  }

  it("throws nothing but ProtoError at random bytes, and what it takes it can write", () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 64 }), damagedMessages());
    const check = fc.property(bytes, (input) => {
      let value: Everything;
      try {
        value = Everything.decode(input);
      } catch (error) {
        expect(error).to.be.instanceOf(ProtoError);
        return;
      }
      expect(Everything.decode(Everything.encode(value))).to.deep.equal(value);
    });
    fc.assert(check, { numRuns: 3000 });
  });
});

const INT32 = fc.oneof(fc.integer(), fc.constantFrom(0, -1, -(2 ** 31), 2 ** 31 - 1));

function text(): fc.Arbitrary<string> {
  return fc.string({ unit: "grapheme", maxLength: 200 }).filter((value) => value !== "__proto__"); // No key of theirs.
}

const SCALARS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: text(),
  bytes: fc.uint8Array({ maxLength: 300 }),
  bool: fc.boolean(),
  int32: INT32,
  enum: INT32,
  uint32: fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 32 - 1, 127, 128)),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(0n, 2n ** 64n - 1n, 2n ** 32n)),
  double: fc.double(),
};

/** Any value of a message, in the form that decoding gives. */
function valuesOf(type: AnyType): fc.Arbitrary<Properties> {
  return fc.record(Object.fromEntries(fieldsOf(type).map(([name, field]) => [name, valuesOfField(field)])));
}

function valuesOfField({ label, type }: AnyField): fc.Arbitrary<unknown> {
  if (label === "map") return fc.array(fc.tuple(text(), text()), { maxLength: 3 }).map((entries) => new Map(entries));
  const element = typeof type === "string" ? (SCALARS[type] ?? fc.constant(undefined)) : valuesOf(nested(type));
  if (label === "many") return fc.array(element, { maxLength: 4 });
  return label === "one" && typeof type === "string" ? element : fc.option(element, { nil: undefined });
}

/** Bytes of a message of which some are replaced or cut off. */
function damagedMessages(): fc.Arbitrary<Uint8Array> {
  const damage = fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 255 })), { maxLength: 4 });
  const values = valuesOf(Everything);
  return fc.tuple(values, damage, fc.nat({ max: 400 })).map(([value, hits, length]) => {
    const bytes = Buffer.from(Everything.encode(value));
    for (const [at, byte] of hits) if (at < bytes.length) bytes[at] = byte;
    return bytes.subarray(0, Math.max(length, bytes.length - length));
  });
}

/** The same declaration for protobufjs. */
function protobufType(type: AnyType): protobuf.Type {
  const made = declare(type);
  new protobuf.Root().add(made);
  return made;
}

function declare(type: AnyType): protobuf.Type {
  const made = new protobuf.Type(type.name);
  for (const [name, { label, number, type: element }] of fieldsOf(type)) {
    if (label === "map") {
      made.add(new protobuf.MapField(name, number, "string", "string"));
      continue;
    }
    const kind = typeof element === "string" ? element.replace("enum", "int32") : element.name;
    if (typeof element !== "string" && made.get(kind) === null) made.add(declare(nested(element)));
    const options = label === "optional" ? { proto3_optional: true } : {};
    made.add(new protobuf.Field(name, number, kind, label === "many" ? "repeated" : "optional", undefined, options));
  }
  return made;
}

/** protobufjs takes 64 bits as text and maps as objects. */
function toTheirs(value: Properties): Properties {
  return mapLeaves(value, (leaf) => {
    if (leaf instanceof Map) return Object.fromEntries(leaf as ReadonlyMap<string, unknown>);
    return typeof leaf === "bigint" ? String(leaf) : leaf;
  }) as Properties;
}

function fromTheirs(type: AnyType, object: Properties): Properties {
  const entries = fieldsOf(type).map(([name, field]) => {
    const value = object[name];
    if (field.label === "map") return [name, new Map(Object.entries(value as object))];
    return [name, Array.isArray(value) ? value.map((element) => elementOf(field, element)) : elementOf(field, value)];
  });
  return Object.fromEntries(entries) as Properties;
}

function elementOf({ type }: AnyField, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (typeof type !== "string") return fromTheirs(nested(type), value as Properties);
  return type === "int64" || type === "uint64" ? BigInt(value as string) : withPlainBytes(value);
}

/** A Buffer does not equal the array of bytes that was encoded. */
function withPlainBytes(value: unknown): unknown {
  return mapLeaves(value, (leaf) => (leaf instanceof Uint8Array ? new Uint8Array(leaf) : leaf));
}

function mapLeaves(value: unknown, convert: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((element) => mapLeaves(element, convert));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || value instanceof Map) {
    return convert(value);
  }
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, mapLeaves(field, convert)]));
}

function fieldsOf(type: AnyType): readonly [string, AnyField][] {
  return Object.entries(type.fields);
}

function nested(type: object): AnyType {
  return type as AnyType;
}
