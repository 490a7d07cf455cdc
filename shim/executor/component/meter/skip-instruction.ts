import type { ByteReader } from "../binary/byte-reader.ts";

type Skip = (reader: ByteReader) => void;

const LEB32_BYTES = 5;
const LEB64_BYTES = 10;
/** In a memory operand: a memory index follows. */
const HAS_MEMORY_INDEX = 0x40;

/** Skips the operands of the instruction `opcode`; for prefixed ones, those of `sub` too. */
export function skipOperands(reader: ByteReader, opcode: number, sub: number): void {
  if (opcode < PREFIX_GC) PLAIN[opcode]?.(reader);
  else if (opcode === PREFIX_MISC) skipLebs(reader, MISC_LEBS[sub] ?? 0);
  else if (opcode === PREFIX_SIMD) skipSimd(reader, sub);
  else if (opcode === PREFIX_ATOMIC) skipAtomic(reader, sub);
  else skipGc(reader, sub);
}

export const PREFIX_GC = 0xfb;
export const PREFIX_MISC = 0xfc;
const PREFIX_SIMD = 0xfd;
const PREFIX_ATOMIC = 0xfe;

/** Whether the opcode is followed by a second one. */
export function isPrefix(opcode: number): boolean {
  return opcode >= PREFIX_GC && opcode <= PREFIX_ATOMIC;
}

function one(reader: ByteReader): void {
  reader.skipLeb(LEB32_BYTES);
}

function two(reader: ByteReader): void {
  reader.skipLeb(LEB32_BYTES);
  reader.skipLeb(LEB32_BYTES);
}

function skipLebs(reader: ByteReader, count: number): void {
  for (let left = count; left > 0; left -= 1) reader.skipLeb(LEB32_BYTES);
}

function skipMemoryOperand(reader: ByteReader): void {
  if ((reader.u32() & HAS_MEMORY_INDEX) !== 0) reader.skipLeb(LEB32_BYTES);
  reader.skipLeb(LEB64_BYTES);
}

function skipBranchTable(reader: ByteReader): void {
  skipLebs(reader, reader.u32() + 1);
}

function skipSelectTypes(reader: ByteReader): void {
  for (let left = reader.u32(); left > 0; left -= 1) {
    const type = reader.u8();
    if (type === 0x63 || type === 0x64) reader.skipLeb(LEB32_BYTES);
  }
}

/** A block type, and catches: each a kind, a tag for half of them, and a label. */
function skipTryTable(reader: ByteReader): void {
  reader.skipLeb(LEB32_BYTES);
  for (let left = reader.u32(); left > 0; left -= 1) skipLebs(reader, reader.u8() < 2 ? 2 : 1);
}

function bytes(length: number): Skip {
  return (reader) => {
    reader.skip(length);
  };
}

function skipLeb64(reader: ByteReader): void {
  reader.skipLeb(LEB64_BYTES);
}

/** By opcode; those that are missing have no operands. */
const PLAIN: readonly (Skip | undefined)[] = tableOf([
  [[0x02, 0x03, 0x04, 0x06, 0x07, 0x08, 0x09, 0x0c, 0x0d, 0x10, 0x12, 0x14, 0x15, 0x18], one],
  [[0x11, 0x13], two],
  [[0x0e], skipBranchTable],
  [[0x1c], skipSelectTypes],
  [[0x1f], skipTryTable],
  [[0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x3f, 0x40, 0x41, 0xd0, 0xd2, 0xd5, 0xd6], one],
  [range(0x28, 0x3e), skipMemoryOperand],
  [[0x42], skipLeb64],
  [[0x43], bytes(4)],
  [[0x44], bytes(8)],
]);

/** Operands of the instructions after 0xfc, all indices. */
const MISC_LEBS: Readonly<Record<number, number>> = {
  8: 2,
  9: 1,
  10: 2,
  11: 1,
  12: 2,
  13: 1,
  14: 2,
  15: 1,
  16: 1,
  17: 1,
};

function skipSimd(reader: ByteReader, sub: number): void {
  if (sub <= 11 || sub === 92 || sub === 93) skipMemoryOperand(reader);
  else if (sub === 12 || sub === 13) reader.skip(16);
  else if (sub >= 21 && sub <= 34) reader.skip(1);
  else if (sub >= 84 && sub <= 91) {
    skipMemoryOperand(reader);
    reader.skip(1);
  }
}

function skipAtomic(reader: ByteReader, sub: number): void {
  if (sub === 3) reader.skip(1);
  else skipMemoryOperand(reader);
}

/** Operands of the instructions after 0xfb, all indices or types. */
const GC_LEBS: readonly number[] = [1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 2, 1, 1, 1, 1, 0, 1, 2, 2, 2, 1, 1, 1, 1];

function skipGc(reader: ByteReader, sub: number): void {
  if (sub !== 24 && sub !== 25) {
    skipLebs(reader, GC_LEBS[sub] ?? 0);
    return;
  }
  reader.skip(1);
  skipLebs(reader, 3);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function tableOf(rows: readonly (readonly [readonly number[], Skip])[]): (Skip | undefined)[] {
  const table: (Skip | undefined)[] = Array.from({ length: 256 }, () => undefined);
  for (const [opcodes, skip] of rows) for (const opcode of opcodes) table[opcode] = skip;
  return table;
}
