import { ByteReader } from "../binary/byte-reader.ts";
import { ByteWriter } from "../core/byte-writer.ts";
import { type CoreModule, parseCoreModule } from "../core/core-module.ts";
import type { CoreSection } from "../core/core-sections.ts";
import { ComponentError } from "../errors.ts";
import { branchHints, type FunctionHints } from "./branch-hints.ts";
import { chargedFunctions, type Charges } from "./charged-functions.ts";
import { longRuns } from "./long-runs.ts";
import { type BodyScan, type GrowthIndices, meterBody, scanBody } from "./meter-code.ts";

/** What {@link meterModule} exports beside the module's own: no compiler makes such names. */
export const METER_EXPORTS = {
  /** Mutable i32 global: what may still be spent. */
  fuel: "\u0001meter-fuel",
  /** Mutable i32 global: the first argument of the refuel function. */
  id: "\u0001meter-id",
  /**
   * Table of functions. The first two, (i32) -> i32, return the next fuel, given the id; the second one after a pause. The third,
   * if there is one, (pages i32, id i32, limit i32) -> i32, returns the pages by which a memory may grow, or -1.
   */
  table: "\u0001meter-table",
  /** The module's start function, if it has one: to be called when the meter is connected. */
  start: "\u0001meter-start",
} as const;

/** What is where in the table. */
export const SLOT = { refuel: 0, pause: 1, growth: 2 } as const;

/** If the host sets no refuel function. */
const FIRST_FUEL = 0x7fff_ffff;

/**
 * So many instructions run at most between two charges in one body. A fourth of it would make code larger by 4 %, and this
 * by half a percent.
 */
const LONGEST_RUN = 4000;

const SECTION = { custom: 0, type: 1, func: 3, table: 4, global: 6, export: 7, start: 8, code: 10 } as const;
/** Sections in their order in a module; custom ones may be anywhere. */
const ORDER: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const I32 = 0x7f;

export interface MeterOptions {
  /** If all memories of an instance are bounded together: to so many pages. */
  readonly sumOfPages?: number | undefined;
}

interface Added {
  readonly refuelType: number;
  readonly slowType: number;
  readonly growthType: number;
  readonly table: number;
  readonly fuel: number;
  readonly id: number;
  readonly slow: number;
  readonly sumOfPages: number | undefined;
}

/**
 * Adds a meter to a core module: its code stops now and then to ask the host for more fuel, in every loop and every
 * recursion, so that no code runs for long without the host's leave. The start function is for the host to call. Every
 * index of the module stays as it was.
 *
 * @throws {ComponentError} if the module cannot be read, or has a 64-bit memory where several are bounded together.
 */
export function meterModule(bytes: Uint8Array, { sumOfPages }: MeterOptions = {}): Uint8Array {
  const module = parseCoreModule(bytes);
  if (sumOfPages !== undefined) refuseWideMemory(module);
  const added: Added = {
    refuelType: module.types.length,
    slowType: module.types.length + 1,
    growthType: module.types.length + 2,
    table: module.tables.length,
    fuel: module.globals.length,
    id: module.globals.length + 1,
    slow: module.functions.length,
    sumOfPages,
  };
  const out = new ByteWriter(bytes.length + (bytes.length >> 2) + 256);
  out.bytes(bytes.subarray(0, 8));
  const rewriter = new SectionRewriter(bytes, module, added);
  for (const section of withMissing(module.sections)) rewriter.write(out, section);
  return out.finish();
}

function refuseWideMemory({ memories }: CoreModule): void {
  if (!memories.some(({ is64 }) => is64)) return;
  throw new ComponentError("UNSUPPORTED", "Cannot bound several memories together if one of them has 64-bit addresses");
}

/** The sections with empty ones where the meter needs one that the module does not have. */
function withMissing(sections: readonly CoreSection[]): (CoreSection | number)[] {
  const all: (CoreSection | number)[] = sections.filter(({ id }) => id !== SECTION.custom);
  for (const id of [SECTION.type, SECTION.func, SECTION.table, SECTION.global, SECTION.export, SECTION.code]) {
    if (!sections.some((section) => section.id === id)) all.push(id);
  }
  all.sort((left, right) => rankOf(left) - rankOf(right));
  return [...all, ...sections.filter(({ id }) => id === SECTION.custom)];
}

function rankOf(section: CoreSection | number): number {
  return ORDER.indexOf(typeof section === "number" ? section : section.id);
}

class SectionRewriter {
  readonly #bytes: Uint8Array;
  readonly #module: CoreModule;
  readonly #added: Added;

  constructor(bytes: Uint8Array, module: CoreModule, added: Added) {
    this.#bytes = bytes;
    this.#module = module;
    this.#added = added;
  }

  /** @param section - a number stands for a section with nothing in it. */
  write(out: ByteWriter, section: CoreSection | number): void {
    const id = typeof section === "number" ? section : section.id;
    if (id === SECTION.start) return; // Else it would run before the meter is connected.
    const [count, items] = typeof section === "number" ? [0, new Uint8Array(0)] : this.#itemsOf(section);
    const added = this.#additions(id);
    if (id === SECTION.code) this.#code(out, section);
    else if (added !== undefined) out.section(id, joined(count + added.count, items, added.bytes));
    else if (typeof section !== "number" && !this.#isStale(section)) {
      out.bytes(this.#bytes.subarray(section.head, section.end));
    }
  }

  #itemsOf(section: CoreSection): [count: number, items: Uint8Array] {
    const reader = new ByteReader(this.#bytes, section.start, section.end);
    const count = section.id === SECTION.custom ? 0 : reader.u32();
    return [count, this.#bytes.subarray(reader.at, section.end)];
  }

  #additions(id: number): { readonly count: number; readonly bytes: Uint8Array } | undefined {
    const { slowType, table, fuel, id: idGlobal, sumOfPages } = this.#added;
    const { start } = this.#module;
    const out = new ByteWriter();
    switch (id) {
      case SECTION.type: {
        out.u8(0x60, 1, I32, 1, I32, 0x60, 0, 0, 0x60, 3, I32, I32, I32, 1, I32);
        return { count: 3, bytes: out.finish() };
      }
      case SECTION.func: {
        out.u32(slowType);
        return { count: 1, bytes: out.finish() };
      }
      case SECTION.table: {
        const slots = sumOfPages === undefined ? SLOT.growth : SLOT.growth + 1;
        out.u8(0x70, 1, slots, slots); // funcref, exactly so many
        return { count: 1, bytes: out.finish() };
      }
      case SECTION.global: {
        for (const value of [FIRST_FUEL, 0]) {
          out.u8(I32, 1, 0x41);
          out.s32(value);
          out.u8(0x0b);
        }
        return { count: 2, bytes: out.finish() };
      }
      case SECTION.export: {
        writeExport(out, METER_EXPORTS.fuel, 3, fuel);
        writeExport(out, METER_EXPORTS.id, 3, idGlobal);
        writeExport(out, METER_EXPORTS.table, 1, table);
        if (start === undefined) return { count: 3, bytes: out.finish() };
        writeExport(out, METER_EXPORTS.start, 0, start);
        return { count: 4, bytes: out.finish() };
      }
      default: {
        return undefined;
      }
    }
  }

  /** The code, and before it what V8 needs to know to keep the rare branches out of the way. */
  #code(module: ByteWriter, section: CoreSection | number): void {
    const out = new ByteWriter(typeof section === "number" ? 64 : (section.end - section.start) * 1.25);
    const own = this.#module.functions.length - importedFunctions(this.#module);
    out.u32(own + 1);
    const hints = typeof section === "number" ? [] : this.#bodies(out, section);
    const slow = this.#slowBody();
    out.u32(slow.length);
    out.bytes(slow);
    module.section(SECTION.custom, branchHints(hints));
    module.section(SECTION.code, out);
  }

  #bodies(out: ByteWriter, section: CoreSection): FunctionHints[] {
    const hints: FunctionHints[] = [];
    const indices = { fuel: this.#added.fuel, refuel: this.#added.slow, growth: growthOf(this.#added) };
    const firstOwn = importedFunctions(this.#module);
    const scans = this.#scans(section);
    const charges = chargedFunctions(
      scans.map(({ callees }) => callees.map((callee) => callee - firstOwn)),
      scans.map(({ instructions }) => instructions),
    );
    for (const [index, scan] of scans.entries()) {
      const params = this.#module.types[this.#module.functions[firstOwn + index] ?? -1]?.params.length ?? 0;
      const more = charges.long.has(index) ? this.#longRunsOf(scan, charges) : [];
      const func = { params, isCharged: charges.charged.has(index), more };
      const { bytes, rare } = meterBody(this.#bytes, scan, func, indices);
      out.u32(bytes.length);
      out.bytes(bytes);
      if (rare.length > 0) hints.push({ func: firstOwn + index, rare });
    }
    return hints;
  }

  #longRunsOf({ codeStart, end, marks }: BodyScan, called: Charges): readonly number[] {
    const firstOwn = importedFunctions(this.#module);
    return longRuns(new ByteReader(this.#bytes, codeStart, end), {
      limit: LONGEST_RUN,
      weightOf: (callee) => called.weightOf(callee - firstOwn),
      charges: marks.filter(({ kind }) => kind !== "growth").map(({ at }) => at),
    });
  }

  #scans(section: CoreSection): BodyScan[] {
    const reader = new ByteReader(this.#bytes, section.start, section.end);
    const count = reader.u32();
    const scans: BodyScan[] = [];
    for (let index = 0; index < count; index += 1) scans.push(scanBody(reader.section(reader.u32())));
    return scans;
  }

  /**
   * fuel = table[0](id); if (fuel == 0) fuel = table[1](id); if (fuel < 0) trap: which, unlike an exception, no code of
   * the guest can catch.
   */
  #slowBody(): Uint8Array {
    const { fuel } = this.#added;
    const out = new ByteWriter();
    out.u8(0x00); // no locals
    this.#writeAsk(out, SLOT.refuel);
    out.u8(0x23); // global.get
    out.u32(fuel);
    out.u8(0x45, 0x04, 0x40); // i32.eqz, if
    this.#writeAsk(out, SLOT.pause);
    out.u8(0x0b, 0x23); // end, global.get
    out.u32(fuel);
    out.u8(0x41, 0x00, 0x48, 0x04, 0x40, 0x00, 0x0b, 0x0b); // i32.const 0, i32.lt_s, if, unreachable, end, end
    return out.finish();
  }

  /** fuel = table[slot](id) */
  #writeAsk(out: ByteWriter, slot: number): void {
    const { id, refuelType, table, fuel } = this.#added;
    out.u8(0x23); // global.get
    out.u32(id);
    out.u8(0x41, slot, 0x11); // i32.const, call_indirect
    out.u32(refuelType);
    out.u32(table);
    out.u8(0x24); // global.set
    out.u32(fuel);
  }

  /** Custom sections that speak of places in the code would be wrong now; names of functions stay right. */
  #isStale(section: CoreSection): boolean {
    if (section.id !== SECTION.custom) return false;
    return new ByteReader(this.#bytes, section.start, section.end).name() !== "name";
  }
}

function growthOf({ growthType: type, table, id, sumOfPages: limit }: Added): GrowthIndices | undefined {
  return limit === undefined ? undefined : { type, table, slot: SLOT.growth, id, limit };
}

function importedFunctions(module: CoreModule): number {
  return module.imports.filter(({ type }) => type.kind === "func").length;
}

function joined(count: number, items: Uint8Array, more: Uint8Array): ByteWriter {
  return new ByteWriter(items.length + more.length + 5).u32(count).bytes(items).bytes(more);
}

function writeExport(out: ByteWriter, ...[name, kind, index]: readonly [string, number, number]): void {
  out.name(name);
  out.u8(kind);
  out.u32(index);
}
