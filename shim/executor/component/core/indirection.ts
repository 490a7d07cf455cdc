import { ByteReader } from "../binary/byte-reader.ts";
import type { CoreModule } from "./core-module.ts";

/**
 * wit-component breaks the circle "a module needs functions that need its memory" by two small modules: a shim, whose
 * functions only call what stands in its table, and a fixup, which only fills that table afterwards.
 */
export type Indirection =
  /** The slot of the table that each exported function calls. */
  | { readonly kind: "shim"; readonly table: string; readonly slots: Readonly<Record<string, number>> }
  /** The imports, in the order of the slots that they are put in. */
  | { readonly kind: "fixup"; readonly table: ImportName; readonly functions: readonly ImportName[] };

export interface ImportName {
  readonly module: string;
  readonly name: string;
}

/** Sections that a shim or a fixup may have, beside custom ones. */
const SHIM_SECTIONS: ReadonlySet<number> = new Set([0, 1, 3, 4, 7, 10]);
const FIXUP_SECTIONS: ReadonlySet<number> = new Set([0, 1, 2, 9]);
const CODE_SECTION = 10;
const ELEMENT_SECTION = 9;
const LOCAL_GET = 0x20;
const I32_CONST = 0x41;
const CALL_INDIRECT = 0x11;
const END = 0x0b;

/** Says what the module is if it is one of the two, by its code and not by its name. */
export function indirectionOf(module: CoreModule, bytes: Uint8Array): Indirection | undefined {
  return shimOf(module, bytes) ?? fixupOf(module, bytes);
}

function shimOf(module: CoreModule, bytes: Uint8Array): Indirection | undefined {
  const isPlain = module.sections.every(({ id }) => SHIM_SECTIONS.has(id));
  const tables = module.exports.filter(({ type }) => type.kind === "table");
  const code = module.sections.find(({ id }) => id === CODE_SECTION);
  const [table] = tables;
  if (!isPlain || module.tables.length !== 1 || tables.length !== 1 || table === undefined || code === undefined) {
    return undefined;
  }
  const slots = slotsOf(module, new ByteReader(bytes, code.start, code.end));
  if (slots === undefined) return undefined;
  const exported = module.exports.flatMap(({ name, type, index }) =>
    type.kind === "func" ? [[name, slots[index] ?? -1] as const] : [],
  );
  return { kind: "shim", table: table.name, slots: Object.fromEntries(exported) };
}

/** The slot that each function calls, or `undefined` if one does anything else. */
function slotsOf(module: CoreModule, reader: ByteReader): number[] | undefined {
  const count = reader.u32();
  const slots: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const slot = slotOf(module, module.functions[index] ?? -1, reader.section(reader.u32()));
    if (slot === undefined) return undefined;
    slots.push(slot);
  }
  return slots;
}

function slotOf(module: CoreModule, type: number, body: ByteReader): number | undefined {
  const params = module.types[type]?.params.length ?? 0;
  if (!passesParams(params, body) || body.u8() !== I32_CONST) return undefined;
  const slot = smallConstant(body);
  const calls = body.u8() === CALL_INDIRECT && body.u32() === type && body.u32() === 0 && body.u8() === END;
  return calls && body.done ? slot : undefined;
}

/** Whether the body has no variables of its own, and first puts its parameters on the stack. */
function passesParams(params: number, body: ByteReader): boolean {
  if (body.u32() !== 0) return false;
  for (let param = 0; param < params; param += 1) {
    if (body.u8() !== LOCAL_GET || body.u32() !== param) return false;
  }
  return true;
}

/** A signed LEB128 that is not negative. */
function smallConstant(reader: ByteReader): number {
  let value = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = reader.u8();
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return (byte & 0x40) === 0 ? value : -1;
  }
  return -1;
}

function fixupOf(module: CoreModule, bytes: Uint8Array): Indirection | undefined {
  const isPlain = module.sections.every(({ id }) => FIXUP_SECTIONS.has(id));
  const tables = module.imports.filter(({ type }) => type.kind === "table");
  const functions = module.imports.filter(({ type }) => type.kind === "func");
  const elements = module.sections.find(({ id }) => id === ELEMENT_SECTION);
  const [table] = tables;
  if (!isPlain || table === undefined || elements === undefined) return undefined;
  if (tables.length !== 1 || tables.length + functions.length !== module.imports.length) return undefined;
  if (!fillsInOrder(new ByteReader(bytes, elements.start, elements.end), functions.length)) return undefined;
  return { kind: "fixup", table: nameOf(table), functions: functions.map(nameOf) };
}

function nameOf({ module, name }: ImportName): ImportName {
  return { module, name };
}

/** Whether there is one active segment that puts function 0 into slot 0 and so on. */
function fillsInOrder(reader: ByteReader, functions: number): boolean {
  const isActive = reader.u32() === 1 && reader.u32() === 0;
  const fromZero = isActive && reader.u8() === I32_CONST && smallConstant(reader) === 0 && reader.u8() === END;
  if (!fromZero || reader.u32() !== functions) return false;
  for (let index = 0; index < functions; index += 1) if (reader.u32() !== index) return false;
  return reader.done;
}
