import type { Buffer } from "node:buffer";

/** Of the program header and the dynamic section: https://gabi.xinuos.com/elf/07-pheader.html, 08-dynamic.html */
const SEGMENT = { load: 1, dynamic: 2 };
const TAG = { end: 0, needed: 1, stringTable: 5 };
const DYNAMIC_ENTRY_BYTES = 16;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

interface DynamicEntry {
  readonly tag: number;
  readonly value: number;
}

/** The shared libraries that a 64-bit little-endian ELF file asks the loader for (DT_NEEDED), in its order. */
export function neededLibraries(elf: Buffer): string[] {
  const segments = readSegments(elf);
  const entries = readDynamic(elf, segments);
  const table = entries.find(({ tag }) => tag === TAG.stringTable);
  const home = segments.find((one) => one.type === SEGMENT.load && table !== undefined && isIn(table.value, one));
  if (table === undefined || home === undefined) return [];
  const strings = table.value - home.address + home.offset;
  return entries
    .filter(({ tag }) => tag === TAG.needed)
    .map(({ value }) => elf.toString("latin1", strings + value, elf.indexOf(0, strings + value)));
}

function isIn(address: number, segment: Segment): boolean {
  return address >= segment.address && address < segment.address + segment.size;
}

function readSegments(elf: Buffer): Segment[] {
  const table = Number(elf.readBigUInt64LE(32));
  const size = elf.readUInt16LE(54);
  return Array.from({ length: elf.readUInt16LE(56) }, (_, index) => {
    const at = table + index * size;
    return {
      type: elf.readUInt32LE(at),
      offset: Number(elf.readBigUInt64LE(at + 8)),
      address: Number(elf.readBigUInt64LE(at + 16)),
      size: Number(elf.readBigUInt64LE(at + 32)),
    };
  });
}

function readDynamic(elf: Buffer, segments: readonly Segment[]): DynamicEntry[] {
  const dynamic = segments.find(({ type }) => type === SEGMENT.dynamic);
  if (dynamic === undefined) return [];
  const entries = Array.from({ length: dynamic.size / DYNAMIC_ENTRY_BYTES }, (_, index) => {
    const at = dynamic.offset + index * DYNAMIC_ENTRY_BYTES;
    return { tag: Number(elf.readBigInt64LE(at)), value: Number(elf.readBigUInt64LE(at + 8)) };
  });
  const end = entries.findIndex(({ tag }) => tag === TAG.end);
  return end === -1 ? entries : entries.slice(0, end);
}
