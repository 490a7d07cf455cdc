import { LIMITS } from "../limits.ts";
import { ByteReader } from "./byte-reader.ts";
import type { ComponentAst, Definition, Sort, SortedName } from "./component-ast.ts";
import { readCanon } from "./parse-canon.ts";
import { readAlias, readCoreSort, readCoreType, readDefinedType, readExtern, readSort } from "./parse-declarations.ts";
import { checkUnique, readExternName } from "./parse-names.ts";

/** Where a core module stands in the file. */
export interface ModuleRange {
  readonly start: number;
  readonly end: number;
}

export interface ParsedComponent {
  readonly root: ComponentAst;
  readonly modules: readonly ModuleRange[];
}

const MAGIC = [0x00, 0x61, 0x73, 0x6d];
const COMPONENT_VERSION = [0x0d, 0x00, 0x01, 0x00];
const MODULE_VERSION = [0x01, 0x00, 0x00, 0x00];

/**
 * Parses the binary format of a component, all of it that is neither asynchronous nor experimental.
 *
 * @throws {ComponentError} that names the offset.
 */
export function parseComponent(bytes: Uint8Array): ParsedComponent {
  if (bytes.length > LIMITS.componentBytes) {
    throw new ByteReader(bytes).error(`it has ${bytes.length} bytes, more than ${LIMITS.componentBytes}`, "LIMIT");
  }
  const parser = new Parser();
  const root = parser.component(new ByteReader(bytes), 0);
  return { root, modules: parser.modules };
}

type Section = (reader: ByteReader) => Definition[];

class Parser {
  readonly modules: ModuleRange[] = [];
  #definitions = 0;

  readonly #sections: Readonly<Record<number, Section>> = {
    2: (reader) => this.#list(reader, readCoreInstance),
    3: (reader) => this.#list(reader, (item) => ({ kind: "core type", type: readCoreType(item) })),
    5: (reader) => this.#list(reader, readInstance),
    6: (reader) => this.#list(reader, readAlias),
    7: (reader) => this.#list(reader, (item) => ({ kind: "type", type: readDefinedType(item, 0) })),
    8: (reader) => this.#list(reader, readCanon),
    10: (reader) => this.#list(reader, readImport),
    11: (reader) => this.#list(reader, readExport),
  };

  component(reader: ByteReader, depth: number): ComponentAst {
    const at = reader.at;
    if (depth >= LIMITS.nesting) throw reader.error(`components are nested more than ${LIMITS.nesting} deep`, "LIMIT");
    readPreamble(reader);
    const definitions: Definition[] = [];
    while (!reader.done) this.#section(reader, definitions, depth);
    for (const kind of ["import", "export"] as const) {
      const names = definitions.flatMap((item) => (item.kind === kind ? [item.name] : []));
      checkUnique(reader, kind, names);
    }
    return { definitions, at };
  }

  #section(reader: ByteReader, definitions: Definition[], depth: number): void {
    const at = reader.at;
    const id = reader.u8();
    const body = reader.section(reader.u32());
    if (id === 0) return void body.name();
    if (id === 1) definitions.push({ at, kind: "core module", module: this.#module(body) });
    else if (id === 4) definitions.push({ at, kind: "component", component: this.component(body, depth + 1) });
    else this.#plainSection(id, body, definitions, at);
  }

  #plainSection(id: number, body: ByteReader, definitions: Definition[], at: number): void {
    const section = this.#sections[id];
    if (id === 9 || id === 12) {
      throw body.error("component values and start functions are not supported", "UNSUPPORTED", at);
    }
    if (section === undefined) throw body.error(`${id} is no section of a component`, "MALFORMED", at);
    for (const definition of section(body)) definitions.push(definition);
    body.finish("a section");
  }

  #module(body: ByteReader): number {
    this.#count(body, 1);
    if (this.modules.length >= LIMITS.coreModules) {
      throw body.error(`there are more than ${LIMITS.coreModules} core modules`, "LIMIT");
    }
    return this.modules.push({ start: body.at, end: body.end }) - 1;
  }

  #list(reader: ByteReader, item: (reader: ByteReader) => DistributiveOmit<Definition, "at">): Definition[] {
    const definitions = reader.vec("definitions", LIMITS.definitions, (): Definition => {
      const at = reader.at;
      return { at, ...item(reader) };
    });
    this.#count(reader, definitions.length);
    return definitions;
  }

  #count(reader: ByteReader, count: number): void {
    this.#definitions += count;
    if (this.#definitions > LIMITS.definitions) {
      throw reader.error(`there are more than ${LIMITS.definitions} definitions`, "LIMIT");
    }
  }
}

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

function readPreamble(reader: ByteReader): void {
  const at = reader.at;
  const found = Array.from({ length: 8 }, () => reader.u8());
  if (isSame(found, [...MAGIC, ...COMPONENT_VERSION])) return;
  const isModule = isSame(found, [...MAGIC, ...MODULE_VERSION]);
  if (isModule) throw reader.error("it is a core module, not a component", "INVALID", at);
  const text = found.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  throw reader.error(`it begins with ${text}, not with the magic and version of a component`, "MALFORMED", at);
}

function isSame(left: readonly number[], right: readonly number[]): boolean {
  return left.every((byte, index) => byte === right[index]);
}

function readCoreInstance(reader: ByteReader): DistributiveOmit<Definition, "at"> {
  const form = reader.u8();
  if (form === 0) {
    const module = reader.u32();
    const args = reader.vec("arguments", LIMITS.definitions, () => {
      const name = reader.name();
      if (reader.u8() !== 0x12) throw reader.error("the argument of a core module is not an instance", "INVALID");
      return { name, instance: reader.u32() };
    });
    checkSame(reader, "argument", args);
    return { kind: "core instantiate", module, args };
  }
  if (form !== 1) throw reader.error(`a core instance is of unknown kind ${form}`);
  const exports = reader.vec("exports", LIMITS.definitions, () => {
    return { name: reader.name(), sort: readCoreSort(reader), index: reader.u32() };
  });
  checkSame(reader, "export", exports);
  return { kind: "core inline", exports };
}

/** Core names are compared as they are. */
function checkSame(reader: ByteReader, what: string, items: readonly { readonly name: string }[]): void {
  const names = new Set(items.map(({ name }) => name));
  if (names.size !== items.length) throw reader.error(`an ${what} is there twice`, "INVALID");
}

function readInstance(reader: ByteReader): DistributiveOmit<Definition, "at"> {
  const form = reader.u8();
  if (form === 0) {
    const component = reader.u32();
    const args = reader.vec("arguments", LIMITS.definitions, () => readSorted(reader, reader.name()));
    checkSame(reader, "argument", args);
    return { kind: "instantiate", component, args };
  }
  if (form !== 1) throw reader.error(`an instance is of unknown kind ${form}`);
  const exports = reader.vec("exports", LIMITS.definitions, () => readSorted(reader, readExternName(reader)));
  checkUnique(
    reader,
    "export",
    exports.map(({ name }) => name),
  );
  return { kind: "inline", exports };
}

function readSorted(reader: ByteReader, name: string): SortedName<Sort> {
  return { name, sort: readSort(reader), index: reader.u32() };
}

function readImport(reader: ByteReader): DistributiveOmit<Definition, "at"> {
  return { kind: "import", name: readExternName(reader), extern: readExtern(reader) };
}

function readExport(reader: ByteReader): DistributiveOmit<Definition, "at"> {
  const item = readSorted(reader, readExternName(reader));
  const ascribed = reader.u8();
  if (ascribed > 1) throw reader.error(`${ascribed} stands where 0 or 1 says whether a type follows`);
  return { kind: "export", ...item, extern: ascribed === 1 ? readExtern(reader) : undefined };
}
