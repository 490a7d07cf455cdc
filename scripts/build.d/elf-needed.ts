import type { Buffer } from "node:buffer";
import { offsetOf, readSegments, SEGMENT } from "./elf-segments.ts";

/** Of the dynamic section: https://gabi.xinuos.com/elf/08-dynamic.html */
const TAG = { end: 0, needed: 1, stringTable: 5 };
const DYNAMIC_ENTRY_BYTES = 16;

interface DynamicEntry {
  readonly tag: number;
  readonly value: number;
}

/** The shared libraries that a 64-bit little-endian ELF file asks the loader for (DT_NEEDED), in its order. */
export function neededLibraries(elf: Buffer): string[] {
  const entries = readDynamic(elf);
  const table = entries.find(({ tag }) => tag === TAG.stringTable);
  const strings = table === undefined ? undefined : offsetOf(readSegments(elf), table.value);
  if (strings === undefined) return [];
  return entries
    .filter(({ tag }) => tag === TAG.needed)
    .map(({ value }) => elf.toString("latin1", strings + value, elf.indexOf(0, strings + value)));
}

function readDynamic(elf: Buffer): DynamicEntry[] {
  const dynamic = readSegments(elf).find(({ type }) => type === SEGMENT.dynamic);
  if (dynamic === undefined) return [];
  const entries = Array.from({ length: dynamic.fileBytes / DYNAMIC_ENTRY_BYTES }, (_, index) => {
    const at = dynamic.offset + index * DYNAMIC_ENTRY_BYTES;
    return { tag: Number(elf.readBigInt64LE(at)), value: Number(elf.readBigUInt64LE(at + 8)) };
  });
  const end = entries.findIndex(({ tag }) => tag === TAG.end);
  return end === -1 ? entries : entries.slice(0, end);
}
