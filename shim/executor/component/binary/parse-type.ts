import { LIMITS } from "../limits.ts";
import { asynchronousError } from "./asynchronous.ts";
import type { ByteReader } from "./byte-reader.ts";
import {
  PRIMITIVES,
  type DeclarationAst,
  type LabelledType,
  type Primitive,
  type TypeAst,
  type ValTypeRef,
} from "./component-ast.ts";
import { checkUnique, readLabel } from "./parse-names.ts";

const FIRST_PRIMITIVE = 0x73;
const LAST_PRIMITIVE = 0x7f;

/** Reads the declarations within an instance type or a component type. */
export type ReadNested = (reader: ByteReader, of: "instance" | "component") => DeclarationAst[];

type Parser = (reader: ByteReader, readNested: ReadNested) => TypeAst;

const PARSERS: Readonly<Record<number, Parser>> = {
  0x72: readRecord,
  0x71: readVariant,
  0x70: (reader) => ({ kind: "list", element: readValType(reader) }),
  0x6f: readTuple,
  0x6e: (reader) => ({ kind: "flags", names: readLabels(reader, "flag", LIMITS.flags) }),
  0x6d: (reader) => ({ kind: "enum", names: readLabels(reader, "case", LIMITS.members) }),
  0x6b: (reader) => ({ kind: "option", some: readValType(reader) }),
  0x6a: (reader) => ({ kind: "result", ok: readOptional(reader), err: readOptional(reader) }),
  0x69: (reader) => ({ kind: "own", resource: reader.u32() }),
  0x68: (reader) => ({ kind: "borrow", resource: reader.u32() }),
  0x40: readFunc,
  0x41: (reader, readNested) => ({ kind: "component", declarations: readNested(reader, "component") }),
  0x42: (reader, readNested) => ({ kind: "instance", declarations: readNested(reader, "instance") }),
  0x3f: readResource,
};

const UNSUPPORTED: Readonly<Record<number, string>> = {
  0x67: "lists of fixed length",
  0x64: "the error-context type",
  0x63: "map types",
};

const ASYNCHRONOUS: Readonly<Record<number, string>> = {
  0x66: "stream types",
  0x65: "future types",
  0x43: "async function types",
  0x3e: "resources with an async destructor",
};

/** For a byte that begins a type which we do not have. */
function refuseUnsupported(reader: ByteReader, byte: number, at: number): void {
  const asynchronous = ASYNCHRONOUS[byte];
  if (asynchronous !== undefined) throw asynchronousError(reader, `${asynchronous} are`, at);
  const name = UNSUPPORTED[byte];
  if (name !== undefined) throw reader.error(`${name} are not supported`, "UNSUPPORTED", at);
}

/** One definition of the type section. */
export function readType(reader: ByteReader, readNested: ReadNested): TypeAst {
  const start = reader.at;
  const byte = reader.u8();
  const primitive = primitiveOf(byte);
  if (primitive !== undefined) return { kind: "primitive", type: primitive };
  const parser = PARSERS[byte];
  if (parser !== undefined) return parser(reader, readNested);
  refuseUnsupported(reader, byte, start);
  throw reader.error(`0x${byte.toString(16)} begins no type`, "MALFORMED", start);
}

function primitiveOf(byte: number): Primitive | undefined {
  return byte >= FIRST_PRIMITIVE && byte <= LAST_PRIMITIVE ? PRIMITIVES[byte - FIRST_PRIMITIVE] : undefined;
}

function readValType(reader: ByteReader): ValTypeRef {
  const byte = reader.peek();
  if (byte < 0x40 || byte >= 0x80) return reader.u32(); // An s33, never negative; bit 6 of its last byte is the sign.
  const primitive = primitiveOf(byte);
  refuseUnsupported(reader, byte, reader.at);
  if (primitive === undefined) throw reader.error(`0x${byte.toString(16)} is no value type`);
  reader.u8();
  return primitive;
}

function readOptional(reader: ByteReader): ValTypeRef | undefined {
  const present = reader.u8();
  if (present > 1) throw reader.error(`${present} stands where 0 or 1 says whether a type follows`);
  return present === 1 ? readValType(reader) : undefined;
}

function readLabels(reader: ByteReader, what: string, limit: number): string[] {
  const names = reader.vec(`${what}s`, limit, () => readLabel(reader));
  if (names.length === 0) throw reader.error(`a type has no ${what}`, "INVALID");
  checkUnique(reader, what, names);
  return names;
}

function readLabelled(reader: ByteReader, what: string, limit: number): LabelledType[] {
  const items = reader.vec(`${what}s`, limit, () => ({ name: readLabel(reader), type: readValType(reader) }));
  checkUnique(
    reader,
    what,
    items.map(({ name }) => name),
  );
  return items;
}

function readRecord(reader: ByteReader): TypeAst {
  const fields = readLabelled(reader, "field", LIMITS.members);
  if (fields.length === 0) throw reader.error("a record has no field", "INVALID");
  return { kind: "record", fields };
}

function readVariant(reader: ByteReader): TypeAst {
  const cases = reader.vec("cases", LIMITS.members, () => {
    const name = readLabel(reader);
    const type = readOptional(reader);
    if (reader.u8() !== 0) throw reader.error("a case refines another, which is not supported", "UNSUPPORTED");
    return { name, type };
  });
  if (cases.length === 0) throw reader.error("a variant has no case", "INVALID");
  checkUnique(
    reader,
    "case",
    cases.map(({ name }) => name),
  );
  return { kind: "variant", cases };
}

function readTuple(reader: ByteReader): TypeAst {
  const elements = reader.vec("elements of a tuple", LIMITS.members, () => readValType(reader));
  if (elements.length === 0) throw reader.error("a tuple has no element", "INVALID");
  return { kind: "tuple", elements };
}

function readFunc(reader: ByteReader): TypeAst {
  const params = readLabelled(reader, "parameter", LIMITS.params);
  const form = reader.u8();
  if (form === 0) return { kind: "func", params, result: readValType(reader) };
  if (form !== 1) throw reader.error(`a list of results is of unknown form ${form}`);
  if (reader.u32() !== 0) throw reader.error("named results are not supported", "UNSUPPORTED");
  return { kind: "func", params, result: undefined };
}

function readResource(reader: ByteReader): TypeAst {
  if (reader.u8() !== 0x7f) throw reader.error("a resource is not represented by an i32", "UNSUPPORTED");
  const form = reader.u8();
  if (form > 1) throw reader.error(`${form} stands where 0 or 1 says whether a destructor follows`);
  return { kind: "resource", destructor: form === 1 ? reader.u32() : undefined };
}
