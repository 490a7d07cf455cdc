import { ByteReader } from "../binary/byte-reader.ts";
import {
  readCoreExtern,
  readCoreFuncType,
  readCoreValType,
  readLimits,
  type CoreExternAst,
  type CoreFuncType,
  type CoreLimits,
} from "../binary/core-extern.ts";
import { LIMITS } from "../limits.ts";
import { readSections, type CoreSection } from "./core-sections.ts";

/** The type of an import or export of a core module, with function types written out. */
export type CoreExternType =
  | ({ readonly kind: "func" } & CoreFuncType)
  | { readonly kind: "table"; readonly element: string; readonly limits: CoreLimits }
  | { readonly kind: "memory"; readonly limits: CoreLimits }
  | { readonly kind: "global"; readonly type: string; readonly mutable: boolean }
  | { readonly kind: "tag" };

/** What a core module needs and gives. */
export interface CoreModuleInfo {
  readonly imports: readonly { readonly module: string; readonly name: string; readonly type: CoreExternType }[];
  readonly exports: readonly { readonly name: string; readonly type: CoreExternType }[];
}

/** The parts of a core module that are needed to judge and to rewrite it. */
export interface CoreModule extends CoreModuleInfo {
  readonly exports: readonly { readonly name: string; readonly type: CoreExternType; readonly index: number }[];
  readonly sections: readonly CoreSection[];
  /** Imported ones first, as indices count. */
  readonly globals: readonly { readonly type: string; readonly mutable: boolean }[];
  readonly memories: readonly CoreLimits[];
  readonly tables: readonly CoreTable[];
  readonly imported: { readonly globals: number; readonly memories: number; readonly tables: number };
  /** Types by index; `undefined` for types that are not functions: those of structs and arrays. */
  readonly types: readonly (CoreFuncType | undefined)[];
  /** The type index of each function, imported ones first. */
  readonly functions: readonly number[];
  /** The type index of each exception tag that is not imported. */
  readonly tags: readonly number[];
  /** The function that is run when an instance is made. */
  readonly start: number | undefined;
}

type CoreTable = Extract<CoreExternType, { kind: "table" }>;

const MAX_ITEMS = LIMITS.coreItems;
const EXPORT_KINDS = ["func", "table", "memory", "global", "tag"] as const;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] };

/** Parses what stands outside the code of a core module. V8 validates the rest. */
export function parseCoreModule(bytes: Uint8Array): CoreModule {
  const sections = readSections(new ByteReader(bytes));
  const parser = new CoreModuleParser();
  for (const section of sections) parser.section(section.id, new ByteReader(bytes, section.start, section.end));
  return { ...parser.module(), sections };
}

class CoreModuleParser {
  readonly #types: (CoreFuncType | undefined)[] = [];
  readonly #imports: { module: string; name: string; type: CoreExternType }[] = [];
  readonly #exports: { name: string; type: CoreExternType; index: number }[] = [];
  readonly #globals: { type: string; mutable: boolean }[] = [];
  readonly #memories: CoreLimits[] = [];
  readonly #tables: CoreTable[] = [];
  readonly #functions: number[] = [];
  readonly #tags: number[] = [];
  #start: number | undefined;
  #typeValues = 0;
  readonly #imported: Writable<CoreModule["imported"]> = { globals: 0, memories: 0, tables: 0 };

  readonly #readers: Readonly<Record<number, (reader: ByteReader) => void>> = {
    1: (reader) => void reader.vec("types", MAX_ITEMS, () => this.#type(reader)),
    2: (reader) => void reader.vec("imports", MAX_ITEMS, () => this.#import(reader)),
    3: (reader) => void reader.vec("functions", MAX_ITEMS, () => this.#functions.push(reader.u32())),
    4: (reader) => void reader.vec("tables", MAX_ITEMS, () => this.#table(reader)),
    5: (reader) => void reader.vec("memories", MAX_ITEMS, () => this.#memory(reader)),
    6: (reader) => void reader.vec("globals", LIMITS.coreGlobals, () => this.#global(reader)),
    7: (reader) => void reader.vec("exports", MAX_ITEMS, () => this.#export(reader)),
    8: (reader) => void (this.#start = reader.u32()),
    13: (reader) => void reader.vec("tags", MAX_ITEMS, () => this.#tag(reader)),
  };

  section(id: number, reader: ByteReader): void {
    this.#readers[id]?.(reader);
  }

  module(): Omit<CoreModule, "sections"> {
    return {
      imports: this.#imports,
      exports: this.#exports,
      globals: this.#globals,
      memories: this.#memories,
      tables: this.#tables,
      imported: this.#imported,
      types: this.#types,
      functions: this.#functions,
      tags: this.#tags,
      start: this.#start,
    };
  }

  #type(reader: ByteReader): void {
    const form = reader.u8();
    if (form === 0x4e) return void reader.vec("types", MAX_ITEMS, () => this.#subType(reader, reader.u8()));
    this.#subType(reader, form);
  }

  #subType(reader: ByteReader, form: number): void {
    if (form === 0x50 || form === 0x4f) {
      reader.vec("super types", MAX_ITEMS, () => reader.u32());
      this.#plainType(reader, reader.u8());
    } else this.#plainType(reader, form);
  }

  #plainType(reader: ByteReader, form: number): void {
    if (this.#types.length >= MAX_ITEMS) throw reader.error(`more than ${MAX_ITEMS} types`, "LIMIT");
    if (form === 0x60) return this.#funcType(reader);
    this.#types.push(undefined);
    if (form === 0x5f) return void reader.vec("fields", MAX_ITEMS, () => readField(reader));
    if (form === 0x5e) return readField(reader);
    throw reader.error(`0x${form.toString(16)} begins no core type`);
  }

  #funcType(reader: ByteReader): void {
    const type = readCoreFuncType(reader);
    this.#types.push(type);
    this.#typeValues += type.params.length + type.results.length;
    if (this.#typeValues <= MAX_ITEMS) return;
    throw reader.error(`function types of more than ${MAX_ITEMS} parameters and results`, "LIMIT");
  }

  #import(reader: ByteReader): void {
    const module = reader.name();
    const name = reader.name();
    const extern = readCoreExtern(reader);
    const type = this.#resolve(reader, extern);
    this.#imports.push({ module, name, type });
    if (extern.kind === "func") this.#functions.push(extern.type);
    if (type.kind === "global" && this.#globals.push(type) > 0) this.#imported.globals += 1;
    if (type.kind === "memory" && this.#memories.push(type.limits) > 0) this.#imported.memories += 1;
    if (type.kind === "table" && this.#tables.push(type) > 0) this.#imported.tables += 1;
  }

  #resolve(reader: ByteReader, extern: CoreExternAst): CoreExternType {
    if (extern.kind === "tag") return { kind: "tag" };
    if (extern.kind !== "func") return extern;
    const type = this.#types[extern.type];
    if (type === undefined) throw reader.error(`type ${extern.type} is no function type`, "INVALID");
    return { kind: "func", ...type };
  }

  /** On a shared memory a guest could wait, and with it the thread; and where it has grown nobody would see. */
  #memory(reader: ByteReader): void {
    const start = reader.at;
    const limits = readLimits(reader);
    if (limits.shared) throw reader.error("shared memories are not supported", "UNSUPPORTED", start);
    this.#memories.push(limits);
  }

  #table(reader: ByteReader): void {
    if (reader.peek() === 0x40) {
      throw reader.error("a table with an initial element is not supported", "UNSUPPORTED");
    }
    this.#tables.push({ kind: "table", element: readCoreValType(reader), limits: readLimits(reader) });
  }

  #global(reader: ByteReader): void {
    const extern = { type: readCoreValType(reader), mutable: (reader.u8() & 1) === 1 };
    this.#globals.push(extern);
    skipConstant(reader);
  }

  #tag(reader: ByteReader): void {
    reader.u8(); // Says that it is an exception: there is nothing else.
    this.#tags.push(reader.u32());
  }

  #export(reader: ByteReader): void {
    const name = reader.name();
    const kind = EXPORT_KINDS[reader.u8()];
    if (kind === undefined) {
      throw reader.error("an export of a core module is of unknown kind", "MALFORMED", reader.at - 1);
    }
    const index = reader.u32();
    const type = this.#typeOf(kind, index);
    if (type === undefined) {
      throw reader.error(`the core export "${name}" names ${kind} ${index}, which is not there`, "INVALID");
    }
    this.#exports.push({ name, type, index });
  }

  #typeOf(kind: (typeof EXPORT_KINDS)[number], index: number): CoreExternType | undefined {
    if (kind === "tag") return { kind };
    if (kind === "func") {
      const type = this.#types[this.#functions[index] ?? -1];
      return type === undefined ? undefined : { kind, ...type };
    }
    if (kind === "global") {
      const global = this.#globals[index];
      return global === undefined ? undefined : { kind, ...global };
    }
    if (kind === "table") return this.#tables[index];
    const limits = this.#memories[index];
    return limits === undefined ? undefined : { kind, limits };
  }
}

function readField(reader: ByteReader): void {
  const packed = reader.peek() === 0x78 || reader.peek() === 0x77;
  if (packed) reader.u8();
  else readCoreValType(reader);
  reader.u8();
}

const CONSTANT_OPERANDS: Readonly<Record<number, (reader: ByteReader) => void>> = {
  0x41: (reader) => reader.skipLeb(5),
  0x42: (reader) => reader.skipLeb(10),
  0x43: (reader) => reader.skip(4),
  0x44: (reader) => reader.skip(8),
  0x23: (reader) => reader.skipLeb(5),
  0xd0: (reader) => reader.skipLeb(5),
  0xd2: (reader) => reader.skipLeb(5),
};
const PLAIN_CONSTANTS: ReadonlySet<number> = new Set([0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e]);

/** Skips a constant expression with its `end`. */
export function skipConstant(reader: ByteReader): void {
  for (let opcode = reader.u8(); opcode !== 0x0b; opcode = reader.u8()) {
    const operands = CONSTANT_OPERANDS[opcode];
    if (operands !== undefined) operands(reader);
    else if (!PLAIN_CONSTANTS.has(opcode)) {
      throw reader.error(`0x${opcode.toString(16)} in a constant expression is not supported`, "UNSUPPORTED");
    }
  }
}
