/** Reads and writes the program headers of 64-bit little-endian ELF files: https://gabi.xinuos.com/elf/07-pheader.html */
import { Buffer } from "node:buffer";

export const SEGMENT = { load: 1, dynamic: 2, interpreter: 3, note: 4, headers: 6 };
export const ACCESS = { execute: 1, read: 4 };
export const SEGMENT_BYTES = 56;

export interface Segment {
  readonly type: number;
  readonly access: number;
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly align: number;
}

/** Of the ELF header: https://gabi.xinuos.com/elf/02-eheader.html */
const HEADER = { entry: 24, segments: 32, segmentCount: 56 };

export function readEntry(elf: Buffer): number {
  return Number(elf.readBigUInt64LE(HEADER.entry));
}

export function writeEntry(elf: Buffer, address: number): void {
  elf.writeBigUInt64LE(BigInt(address), HEADER.entry);
}

function segmentTable(elf: Buffer): number {
  return Number(elf.readBigUInt64LE(HEADER.segments));
}

export function readSegments(elf: Buffer): Segment[] {
  return Array.from({ length: elf.readUInt16LE(HEADER.segmentCount) }, (_, index) => {
    const at = segmentTable(elf) + index * SEGMENT_BYTES;
    return {
      type: elf.readUInt32LE(at),
      access: elf.readUInt32LE(at + 4),
      offset: Number(elf.readBigUInt64LE(at + 8)),
      address: Number(elf.readBigUInt64LE(at + 16)),
      fileBytes: Number(elf.readBigUInt64LE(at + 32)),
      memoryBytes: Number(elf.readBigUInt64LE(at + 40)),
      align: Number(elf.readBigUInt64LE(at + 48)),
    };
  });
}

/** Over the table that is there: as many as it has. */
export function writeSegments(elf: Buffer, segments: readonly Segment[]): void {
  encodeSegments(segments).copy(elf, segmentTable(elf));
}

export function encodeSegments(segments: readonly Segment[]): Buffer {
  const table = Buffer.alloc(segments.length * SEGMENT_BYTES);
  for (const [index, one] of segments.entries()) {
    const at = index * SEGMENT_BYTES;
    table.writeUInt32LE(one.type, at);
    table.writeUInt32LE(one.access, at + 4);
    const words = [one.offset, one.address, one.address, one.fileBytes, one.memoryBytes, one.align];
    for (const [word, value] of words.entries()) table.writeBigUInt64LE(BigInt(value), at + 8 + word * 8);
  }
  return table;
}

/** Where in the file the byte lies that is loaded at `address`. */
export function offsetOf(segments: readonly Segment[], address: number): number | undefined {
  const home = segments.find((one) => one.type === SEGMENT.load && isIn(address, one));
  return home === undefined ? undefined : address - home.address + home.offset;
}

function isIn(address: number, segment: Segment): boolean {
  return address >= segment.address && address < segment.address + segment.fileBytes;
}
