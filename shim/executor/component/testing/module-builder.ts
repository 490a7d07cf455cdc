import { ByteWriter } from "../core/byte-writer.ts";

const MODULE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const NUMBERS: Readonly<Record<string, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };
const I32 = 0x7f;
const KINDS = { func: 0, table: 1, memory: 2, global: 3 } as const;

/** A core module to assemble. Functions count from the imported ones on. */
export interface ModuleText {
  readonly types?: readonly { readonly params: readonly string[]; readonly results: readonly string[] }[];
  /** Imported functions, by the index of their type. */
  readonly imports?: readonly { readonly module: string; readonly name: string; readonly type: number }[];
  /** After the imported functions. */
  readonly importedTable?: { readonly module: string; readonly name: string; readonly slots: number };
  /** After these, with one page at least. */
  readonly importedMemory?: { readonly module: string; readonly name: string };
  readonly functions?: readonly { readonly type: number; readonly code: readonly number[]; readonly locals?: number }[];
  /** Slots of a table of functions. */
  readonly table?: number;
  /** Pages of a memory. */
  readonly memory?: { readonly min: number; readonly max?: number };
  /** Mutable variables of type i32. */
  readonly globals?: readonly number[];
  readonly exports?: readonly { readonly name: string; readonly kind: keyof typeof KINDS; readonly index: number }[];
  /** What stands in memory from address 0 on. */
  readonly data?: Uint8Array;
  /** The function that is run at the start. */
  readonly start?: number;
  /** Functions that fill the table from slot 0 on. */
  readonly elements?: readonly number[];
}

/** Assembles a core module. */
export function buildModule(text: ModuleText): Uint8Array {
  const out = new ByteWriter().u8(...MODULE);
  section(out, 1, text.types, (body, { params, results }) => {
    body.u8(0x60);
    numbers(body, params);
    numbers(body, results);
  });
  const { imports = [], importedTable, importedMemory } = text;
  section(out, 2, [...imports, ...(one(importedTable) ?? []), ...(one(importedMemory) ?? [])], writeImport);
  section(out, 3, text.functions, (body, { type }) => void body.u32(type));
  section(out, 4, one(text.table), (body, slots) => void body.u8(0x70, 0).u32(slots));
  section(out, 5, one(text.memory), (body, { min, max }) => {
    body.u8(max === undefined ? 0 : 1).u32(min);
    if (max !== undefined) body.u32(max);
  });
  section(out, 6, text.globals, (body, value) => void body.u8(I32, 1, 0x41).u32(value).u8(0x0b));
  section(out, 7, text.exports, (body, { name, kind, index }) => void body.name(name).u8(KINDS[kind]).u32(index));
  if (text.start !== undefined) out.section(8, new ByteWriter().u32(text.start));
  section(out, 9, one(text.elements), (body, functions) => {
    body.u8(0, 0x41, 0, 0x0b).u32(functions.length);
    for (const index of functions) body.u32(index);
  });
  section(out, 10, text.functions, (body, { code, locals = 0 }) => {
    const inner = new ByteWriter();
    if (locals === 0) inner.u8(0);
    else inner.u8(1).u32(locals).u8(I32);
    inner.u8(...code, 0x0b);
    body.u32(inner.length).bytes(inner.finish());
  });
  section(out, 11, one(text.data), (body, data) => void body.u8(0, 0x41, 0, 0x0b).u32(data.length).bytes(data));
  return out.finish();
}

type Imported =
  | NonNullable<ModuleText["importedTable"] | ModuleText["importedMemory"]>
  | NonNullable<ModuleText["imports"]>[number];

function writeImport(body: ByteWriter, item: Imported): void {
  body.name(item.module).name(item.name);
  if ("type" in item) body.u8(KINDS.func).u32(item.type);
  else if ("slots" in item) body.u8(KINDS.table, 0x70, 0).u32(item.slots);
  else body.u8(KINDS.memory, 0, 1);
}

function one<Item>(item: Item | undefined): Item[] | undefined {
  return item === undefined ? undefined : [item];
}

function numbers(body: ByteWriter, types: readonly string[]): void {
  body.u32(types.length);
  for (const type of types) body.u8(NUMBERS[type] ?? 0);
}

function section<Item>(
  out: ByteWriter,
  id: number,
  items: readonly Item[] | undefined,
  write: (body: ByteWriter, item: Item) => void,
): void {
  if (items === undefined || items.length === 0) return;
  const body = new ByteWriter().u32(items.length);
  for (const item of items) write(body, item);
  out.section(id, body);
}

/** An allocator that only goes forward, and never gives less than 8 bytes of alignment; variable 0 is where it stands. */
export const BUMP_REALLOC: readonly number[] = [
  0x23,
  0,
  0x41,
  7,
  0x6a,
  0x41,
  0x78,
  0x71,
  0x22,
  4, // local4 = (next + 7) & -8
  0x20,
  3,
  0x6a,
  0x24,
  0,
  0x20,
  4, // next = local4 + size; local4
];
