import { LIMITS } from "../limits.ts";
import type { ByteReader } from "./byte-reader.ts";
import type {
  AliasAst,
  CoreSort,
  CoreTypeAst,
  DeclarationAst,
  ExternAst,
  ModuleDeclarationAst,
  Sort,
  TypeAst,
} from "./component-ast.ts";
import { readCoreExtern, readCoreFuncType, type CoreFuncType } from "./core-extern.ts";
import { checkUnique, readExternName } from "./parse-names.ts";
import { readType } from "./parse-type.ts";

const CORE_SORTS: Readonly<Record<number, CoreSort>> = {
  0x00: "core func",
  0x01: "core table",
  0x02: "core memory",
  0x03: "core global",
  0x10: "core type",
  0x11: "core module",
  0x12: "core instance",
};
const SORTS: Readonly<Record<number, Sort>> = { 1: "func", 3: "type", 4: "component", 5: "instance" };

export function readCoreSort(reader: ByteReader): CoreSort {
  const byte = reader.u8();
  const sort = CORE_SORTS[byte];
  if (byte === 0x04) throw reader.error("exception tags are not supported", "UNSUPPORTED", reader.at - 1);
  if (sort === undefined) throw reader.error(`0x${byte.toString(16)} is no core sort`, "MALFORMED", reader.at - 1);
  return sort;
}

export function readSort(reader: ByteReader): Sort {
  const byte = reader.u8();
  if (byte === 0) return readCoreSort(reader);
  const sort = SORTS[byte];
  if (byte === 2) throw reader.error("component values are not supported", "UNSUPPORTED", reader.at - 1);
  if (sort === undefined) throw reader.error(`0x${byte.toString(16)} is no sort`, "MALFORMED", reader.at - 1);
  return sort;
}

export function readAlias(reader: ByteReader): AliasAst {
  const start = reader.at;
  const sort = readSort(reader);
  const target = reader.u8();
  if (target === 0) return { kind: "alias export", sort, instance: reader.u32(), name: reader.name() };
  if (target === 1) {
    if (!isCoreSort(sort)) throw reader.error(`a core instance exports no ${sort}`, "INVALID", start);
    return { kind: "alias core export", sort, instance: reader.u32(), name: reader.name() };
  }
  if (target === 2) return { kind: "alias outer", sort, count: reader.u32(), index: reader.u32() };
  throw reader.error(`an alias is of unknown kind ${target}`);
}

function isCoreSort(sort: Sort): sort is CoreSort {
  return sort.startsWith("core ");
}

/** What an import or export is. */
export function readExtern(reader: ByteReader): ExternAst {
  const start = reader.at;
  const sort = readSort(reader);
  if (sort === "type") return { sort, bound: readBound(reader) };
  if (sort === "func" || sort === "component" || sort === "instance" || sort === "core module") {
    return { sort, type: reader.u32() };
  }
  throw reader.error(`a ${sort} cannot be imported or exported`, "INVALID", start);
}

function readBound(reader: ByteReader): Extract<ExternAst, { sort: "type" }>["bound"] {
  const kind = reader.u8();
  if (kind === 0) return { kind: "eq", type: reader.u32() };
  if (kind === 1) return { kind: "resource" };
  throw reader.error(`the bound of a type is of unknown kind ${kind}`);
}

/** One definition of the type section, or of a type's own types. */
export function readDefinedType(reader: ByteReader, depth: number): TypeAst {
  return readType(reader, (inner, of) => readDeclarations(inner, of, depth));
}

function readDeclarations(reader: ByteReader, of: "instance" | "component", depth: number): DeclarationAst[] {
  if (depth >= LIMITS.nesting) throw reader.error(`types are nested more than ${LIMITS.nesting} deep`, "LIMIT");
  const declarations = reader.vec("declarations", LIMITS.definitions, () => readDeclaration(reader, of, depth));
  for (const kind of ["import", "export"]) {
    const names = declarations.flatMap((item) => (item.kind === kind && "name" in item ? [item.name] : []));
    checkUnique(reader, kind, names);
  }
  return declarations;
}

function readDeclaration(reader: ByteReader, of: "instance" | "component", depth: number): DeclarationAst {
  const at = reader.at;
  const form = reader.u8();
  if (form === 0) return { at, kind: "core type", type: readCoreType(reader) };
  if (form === 1) return { at, kind: "type", type: readDefinedType(reader, depth + 1) };
  if (form === 2) return { at, ...readAlias(reader) };
  if (form === 3 && of === "component") {
    return { at, kind: "import", name: readExternName(reader), extern: readExtern(reader) };
  }
  if (form === 4) return { at, kind: "export", name: readExternName(reader), extern: readExtern(reader) };
  throw reader.error(`a declaration is of unknown kind ${form}`, "MALFORMED", at);
}

/** A core function type, or a core module type. */
export function readCoreType(reader: ByteReader): CoreTypeAst {
  const form = reader.u8();
  if (form === 0x60) return { kind: "func", type: readOuterFuncType(reader) };
  if (form !== 0x50) {
    throw reader.error(`the core type 0x${form.toString(16)} is not supported`, "UNSUPPORTED", reader.at - 1);
  }
  const declarations = reader.vec("declarations of a module", LIMITS.definitions, () => readModuleDeclaration(reader));
  return { kind: "module", declarations };
}

function readOuterFuncType(reader: ByteReader): CoreFuncType {
  const at = reader.at;
  const type = readCoreFuncType(reader);
  const names = [...type.params, ...type.results];
  if (names.some(isTypeIndex)) {
    throw reader.error("references to other core types are not supported", "UNSUPPORTED", at);
  }
  return type;
}

/** Whether the text of a core type is that of a reference to a type by its index. */
function isTypeIndex(text: string): boolean {
  return /^6[34](?:[0-3]|[89a-f])/.test(text);
}

function readModuleDeclaration(reader: ByteReader): ModuleDeclarationAst {
  const form = reader.u8();
  if (form === 0) return { kind: "import", module: reader.name(), name: reader.name(), extern: readCoreExtern(reader) };
  if (form === 3) return { kind: "export", name: reader.name(), extern: readCoreExtern(reader) };
  if (form === 1 && reader.u8() === 0x60) return { kind: "type", type: readOuterFuncType(reader) };
  if (form === 2 && reader.u8() === 0x10 && reader.u8() === 1) {
    return { kind: "alias outer", count: reader.u32(), index: reader.u32() };
  }
  throw reader.error("a declaration of a module is of unknown kind", "UNSUPPORTED", reader.at - 1);
}
