import type { ByteReader } from "./byte-reader.ts";

/** What a core module imports or exports, as far as it must be compared. Functions refer to the type section. */
export type CoreExternAst =
  | { readonly kind: "func"; readonly type: number }
  | { readonly kind: "table"; readonly element: string; readonly limits: CoreLimits }
  | { readonly kind: "memory"; readonly limits: CoreLimits }
  | { readonly kind: "global"; readonly type: string; readonly mutable: boolean }
  | { readonly kind: "tag"; readonly type: number };

export interface CoreLimits {
  readonly min: number;
  readonly max: number | undefined;
  readonly shared: boolean;
  readonly is64: boolean;
}

/** Value types by name where the component model knows them ("i32"), else their bytes in hexadecimal. */
export interface CoreFuncType {
  readonly params: readonly string[];
  readonly results: readonly string[];
}

const NUMBER_TYPES: Readonly<Record<number, string>> = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64" };
const REF_WITH_HEAP_TYPE: ReadonlySet<number> = new Set([0x63, 0x64]);
const SHORT_REFS: ReadonlySet<number> = new Set([
  0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73, 0x74,
]);
const MAX_ITEMS = 1_000_000;
const MAX_PAGES = 65_536;

/** `import desc` and the like: kind byte, then its type. */
export function readCoreExtern(reader: ByteReader): CoreExternAst {
  const kind = reader.u8();
  if (kind === 0) return { kind: "func", type: reader.u32() };
  if (kind === 1) {
    return { kind: "table", element: readCoreValType(reader), limits: readLimits(reader) };
  }
  if (kind === 2) return { kind: "memory", limits: readMemory(reader) };
  if (kind === 3) return { kind: "global", type: readCoreValType(reader), mutable: readMutability(reader) };
  if (kind === 4 && reader.u8() === 0) return { kind: "tag", type: reader.u32() };
  if (kind === 0x20) throw reader.error("functions of an exact type are not supported", "UNSUPPORTED");
  throw reader.error(`a core import or export is of unknown kind ${kind}`);
}

/** The limits of a memory, in pages. */
function readMemory(reader: ByteReader): CoreLimits {
  const limits = readLimits(reader);
  const pages = Math.max(limits.min, limits.max ?? 0);
  if (!limits.is64 && pages > MAX_PAGES) throw reader.error(`a memory of ${pages} pages is too large`, "INVALID");
  return limits;
}

function readMutability(reader: ByteReader): boolean {
  const flags = reader.u8();
  if (flags > 3) throw reader.error(`a global has unknown flags ${flags}`);
  if (flags > 1) throw reader.error("shared globals are not supported", "UNSUPPORTED");
  return (flags & 1) === 1;
}

/** One value type. Reference types to a heap type take more than a byte. */
export function readCoreValType(reader: ByteReader): string {
  const start = reader.at;
  const byte = reader.u8();
  if (REF_WITH_HEAP_TYPE.has(byte)) reader.skipLeb(5);
  if (SHORT_REFS.has(byte)) return `63${byte.toString(16)}`; // Short for a reference that may be null.
  return NUMBER_TYPES[byte] ?? Buffer.from(reader.bytes.subarray(start, reader.at)).toString("hex");
}

export function readLimits(reader: ByteReader): CoreLimits {
  const flags = reader.u8();
  if (flags > 7) throw reader.error(`limits with the flags ${flags} are not supported`, "UNSUPPORTED");
  const min = readLimit(reader);
  const max = (flags & 1) === 0 ? undefined : readLimit(reader);
  return { min, max, shared: (flags & 2) !== 0, is64: (flags & 4) !== 0 };
}

function readLimit(reader: ByteReader): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = reader.u8();
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
  throw reader.error("a limit is longer than 10 bytes");
}

/** The parameters and results of a function type, after its leading 0x60. */
export function readCoreFuncType(reader: ByteReader): CoreFuncType {
  const params = reader.vec("parameters of a core function", MAX_ITEMS, () => readCoreValType(reader));
  const results = reader.vec("results of a core function", MAX_ITEMS, () => readCoreValType(reader));
  return { params, results };
}
