import { ByteReader } from "../binary/byte-reader.ts";
import { readCoreValType, readLimits, type CoreLimits } from "../binary/core-extern.ts";
import { ComponentError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { CoreModule } from "./core-module.ts";
import type { CoreSection } from "./core-sections.ts";

const TABLE_SECTION = 4;
const MEMORY_SECTION = 5;
const EXPORT_SECTION = 7;
/** The sections that stand before the exports. */
const BEFORE_EXPORTS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 13]);
const PREAMBLE_BYTES = 8;
const KIND_MEMORY = 2;
const KIND_GLOBAL = 3;

/** With its index behind it, the export of a memory of the module's own. */
export const OWN_MEMORY = "rcm:memory-";

export interface RewrittenModule {
  readonly bytes: Uint8Array;
  /** The exports that hold the module's own state. */
  readonly memories: readonly string[];
  readonly globals: readonly string[];
}

interface ExtraExport {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

/**
 * Exports the memories and the mutable global variables of a module, so that its state can be looked at from outside, and
 * bounds what its memories and tables can grow to.
 *
 * @throws {ComponentError} `LIMIT` if a memory begins larger than `maxPages`.
 */
export function rewriteModule(module: CoreModule, bytes: Uint8Array, maxPages: number): RewrittenModule {
  const memories = module.memories
    .map((_, index) => ({ name: OWN_MEMORY + String(index), kind: KIND_MEMORY, index }))
    .slice(module.imported.memories);
  const globals = module.globals
    .map(({ mutable }, index) => ({ name: `rcm:global-${index}`, kind: KIND_GLOBAL, index, mutable }))
    .slice(module.imported.globals)
    .filter(({ mutable }) => mutable);
  const extra = [...memories, ...globals];
  return {
    bytes:
      extra.length === 0 && !module.sections.some(({ id }) => id === TABLE_SECTION)
        ? bytes
        : rewrite(module.sections, bytes, extra, maxPages),
    memories: memories.map(({ name }) => name),
    globals: globals.map(({ name }) => name),
  };
}

function rewrite(
  sections: readonly CoreSection[],
  bytes: Uint8Array,
  extra: readonly ExtraExport[],
  maxPages: number,
): Uint8Array {
  const writer = new ByteWriter(bytes.length + 1024).bytes(bytes.subarray(0, PREAMBLE_BYTES));
  let exported = false;
  for (const section of sections) {
    const comesAfter = section.id !== 0 && !BEFORE_EXPORTS.has(section.id);
    if (comesAfter && !exported) {
      exported = true;
      writer.section(EXPORT_SECTION, exportsBody(section.id === EXPORT_SECTION ? section : undefined, bytes, extra));
      if (section.id === EXPORT_SECTION) continue;
    }
    if (section.id === MEMORY_SECTION) writer.section(section.id, memoriesBody(section, bytes, maxPages));
    else if (section.id === TABLE_SECTION) writer.section(section.id, tablesBody(section, bytes));
    else writer.bytes(bytes.subarray(section.head, section.end));
  }
  if (!exported) writer.section(EXPORT_SECTION, exportsBody(undefined, bytes, extra));
  return writer.finish();
}

function exportsBody(section: CoreSection | undefined, bytes: Uint8Array, extra: readonly ExtraExport[]): ByteWriter {
  const reader = section === undefined ? undefined : new ByteReader(bytes, section.start, section.end);
  const count = reader?.u32() ?? 0;
  const body = new ByteWriter().u32(count + extra.length);
  if (reader !== undefined) body.bytes(bytes.subarray(reader.at, reader.end));
  for (const { name, kind, index } of extra) body.name(name).u8(kind).u32(index);
  return body;
}

function tablesBody(section: CoreSection, bytes: Uint8Array): ByteWriter {
  const reader = new ByteReader(bytes, section.start, section.end);
  const body = new ByteWriter();
  const count = reader.u32();
  body.u32(count);
  for (let index = 0; index < count; index += 1) {
    const start = reader.at;
    readCoreValType(reader);
    body.bytes(bytes.subarray(start, reader.at));
    const limits = readLimits(reader);
    writeLimits(body, limits, Math.max(limits.min, LIMITS.grownTable));
  }
  return body;
}

function memoriesBody(section: CoreSection, bytes: Uint8Array, maxPages: number): ByteWriter {
  const reader = new ByteReader(bytes, section.start, section.end);
  const memories = reader.vec("memories", bytes.length, () => readLimits(reader));
  const body = new ByteWriter().u32(memories.length);
  for (const memory of memories) {
    if (memory.min > maxPages) {
      throw new ComponentError(
        "LIMIT",
        `Cannot prepare the component: a memory begins with ${memory.min} pages, more than ${maxPages}`,
      );
    }
    writeLimits(body, memory, maxPages);
  }
  return body;
}

function writeLimits(body: ByteWriter, { min, max, shared, is64 }: CoreLimits, most: number): void {
  body.u8(1 + (shared ? 2 : 0) + (is64 ? 4 : 0));
  body.u32(min).u32(Math.min(max ?? most, most));
}
