import type { ByteReader } from "../binary/byte-reader.ts";

/** Opcodes behind a prefix byte are told apart by adding these. */
const PREFIX_GC = 0xfb;
const PREFIX_MISC = 0xfc;
const PREFIX_SIMD = 0xfd;
const PREFIX_ATOMIC = 0xfe;

type Skip = (reader: ByteReader) => void;

function nothing(): void {
  // The instruction has no immediate.
}

function index(reader: ByteReader): void {
  reader.skipLeb(5);
}

function twoIndices(reader: ByteReader): void {
  reader.skipLeb(5);
  reader.skipLeb(5);
}

function threeIndices(reader: ByteReader): void {
  twoIndices(reader);
  index(reader);
}

/** Flags, a label, and two heap types. */
function castBranch(reader: ByteReader): void {
  reader.skip(1);
  threeIndices(reader);
}

function blockType(reader: ByteReader): void {
  const first = reader.peek();
  reader.skipLeb(5);
  if (first === 0x63 || first === 0x64) reader.skipLeb(5); // A reference to a heap type, which follows.
}

/** Alignment, perhaps the number of the memory, and the offset. */
function memoryArgument(reader: ByteReader): void {
  const flags = reader.u32();
  if ((flags & 0x40) !== 0) reader.skipLeb(5);
  reader.skipLeb(10);
}

function memoryArgumentAndLane(reader: ByteReader): void {
  memoryArgument(reader);
  reader.skip(1);
}

function bytes(count: number): Skip {
  return (reader) => reader.skip(count);
}

function repeated(reader: ByteReader, item: Skip): void {
  const count = reader.u32();
  if (count > reader.end - reader.at) throw reader.error(`${count} items are announced, the bytes end before`);
  for (let done = 0; done < count; done += 1) item(reader);
}

function tableOfLabels(reader: ByteReader): void {
  repeated(reader, index);
  index(reader);
}

function catches(reader: ByteReader): void {
  blockType(reader);
  repeated(reader, (inner) => {
    const kind = inner.u8();
    if (kind < 2) index(inner);
    index(inner);
  });
}

/** First opcode, last opcode, how to skip what follows. */
const RANGES: readonly (readonly [number, number, Skip])[] = [
  [0x00, 0x01, nothing],
  [0x02, 0x04, blockType],
  [0x05, 0x05, nothing],
  [0x06, 0x06, blockType],
  [0x07, 0x09, index],
  [0x0a, 0x0b, nothing],
  [0x0c, 0x0d, index],
  [0x0e, 0x0e, tableOfLabels],
  [0x0f, 0x0f, nothing],
  [0x10, 0x10, index],
  [0x11, 0x11, twoIndices],
  [0x12, 0x12, index],
  [0x13, 0x13, twoIndices],
  [0x14, 0x15, index],
  [0x18, 0x18, index],
  [0x19, 0x1b, nothing],
  [0x1c, 0x1c, (reader) => repeated(reader, blockType)],
  [0x1f, 0x1f, catches],
  [0x20, 0x26, index],
  [0x28, 0x3e, memoryArgument],
  [0x3f, 0x40, index],
  [0x41, 0x41, index],
  [0x42, 0x42, (reader) => reader.skipLeb(10)],
  [0x43, 0x43, bytes(4)],
  [0x44, 0x44, bytes(8)],
  [0x45, 0xc4, nothing],
  [0xd0, 0xd0, index],
  [0xd1, 0xd1, nothing],
  [0xd2, 0xd2, index],
  [0xd3, 0xd4, nothing],
  [0xd5, 0xd6, index],
  [code(PREFIX_GC, 0), code(PREFIX_GC, 1), index],
  [code(PREFIX_GC, 2), code(PREFIX_GC, 5), twoIndices],
  [code(PREFIX_GC, 6), code(PREFIX_GC, 7), index],
  [code(PREFIX_GC, 8), code(PREFIX_GC, 10), twoIndices],
  [code(PREFIX_GC, 11), code(PREFIX_GC, 14), index],
  [code(PREFIX_GC, 15), code(PREFIX_GC, 15), nothing],
  [code(PREFIX_GC, 16), code(PREFIX_GC, 16), index],
  [code(PREFIX_GC, 17), code(PREFIX_GC, 19), twoIndices],
  [code(PREFIX_GC, 20), code(PREFIX_GC, 23), index],
  [code(PREFIX_GC, 24), code(PREFIX_GC, 25), castBranch],
  [code(PREFIX_GC, 26), code(PREFIX_GC, 30), nothing],
  [code(PREFIX_MISC, 0), code(PREFIX_MISC, 7), nothing],
  [code(PREFIX_MISC, 8), code(PREFIX_MISC, 8), twoIndices],
  [code(PREFIX_MISC, 9), code(PREFIX_MISC, 9), index],
  [code(PREFIX_MISC, 10), code(PREFIX_MISC, 10), twoIndices],
  [code(PREFIX_MISC, 11), code(PREFIX_MISC, 11), index],
  [code(PREFIX_MISC, 12), code(PREFIX_MISC, 12), twoIndices],
  [code(PREFIX_MISC, 13), code(PREFIX_MISC, 13), index],
  [code(PREFIX_MISC, 14), code(PREFIX_MISC, 14), twoIndices],
  [code(PREFIX_MISC, 15), code(PREFIX_MISC, 17), index],
  [code(PREFIX_SIMD, 0), code(PREFIX_SIMD, 11), memoryArgument],
  [code(PREFIX_SIMD, 12), code(PREFIX_SIMD, 13), bytes(16)],
  [code(PREFIX_SIMD, 14), code(PREFIX_SIMD, 20), nothing],
  [code(PREFIX_SIMD, 21), code(PREFIX_SIMD, 34), bytes(1)],
  [code(PREFIX_SIMD, 35), code(PREFIX_SIMD, 83), nothing],
  [code(PREFIX_SIMD, 84), code(PREFIX_SIMD, 91), memoryArgumentAndLane],
  [code(PREFIX_SIMD, 92), code(PREFIX_SIMD, 93), memoryArgument],
  [code(PREFIX_SIMD, 94), code(PREFIX_SIMD, 0x113), nothing],
  [code(PREFIX_ATOMIC, 0), code(PREFIX_ATOMIC, 2), memoryArgument],
  [code(PREFIX_ATOMIC, 3), code(PREFIX_ATOMIC, 3), bytes(1)],
  [code(PREFIX_ATOMIC, 16), code(PREFIX_ATOMIC, 78), memoryArgument],
];

const SKIPS: ReadonlyMap<number, Skip> = new Map(
  RANGES.flatMap(([first, last, skip]) =>
    Array.from({ length: last - first + 1 }, (_, step) => [first + step, skip] as const),
  ),
);

/** One number for an opcode with a prefix. */
function code(prefix: number, opcode: number): number {
  return prefix * 0x1000 + opcode;
}

export const TABLE_SET = 0x26;
export const MEMORY_INIT: number = code(PREFIX_MISC, 8);
export const DATA_DROP: number = code(PREFIX_MISC, 9);
export const MEMORY_COPY: number = code(PREFIX_MISC, 10);
export const MEMORY_FILL: number = code(PREFIX_MISC, 11);
export const TABLE_INIT: number = code(PREFIX_MISC, 12);
export const ELEM_DROP: number = code(PREFIX_MISC, 13);
export const TABLE_COPY: number = code(PREFIX_MISC, 14);
export const TABLE_GROW: number = code(PREFIX_MISC, 15);
export const TABLE_FILL: number = code(PREFIX_MISC, 17);
/** Those that make, fill or copy an array of as many elements as the top of the stack says. */
export const ARRAYS_OF_LENGTH: readonly number[] = [6, 7, 9, 10, 16, 17, 18, 19].map((opcode) =>
  code(PREFIX_GC, opcode),
);
/** br_on_cast, br_on_cast_fail */
export const BR_ON_CASTS: readonly number[] = [24, 25].map((opcode) => code(PREFIX_GC, opcode));
export const MEMORY_SIZE = 0x3f;
export const MEMORY_GROW = 0x40;

/** Whether it is one of those that make or use objects which V8 collects. */
export function isOfObjects(opcode: number): boolean {
  return opcode >= code(PREFIX_GC, 0) && opcode < code(PREFIX_MISC, 0);
}

/** Plain opcodes by number, for speed: most instructions are among them. */
const PLAIN: readonly (Skip | undefined)[] = Array.from({ length: 0x100 }, (_, opcode) => SKIPS.get(opcode));

/**
 * Reads one instruction with its immediates.
 *
 * @returns its opcode, or `undefined` if it is of none of the kinds known here.
 */
export function readInstruction(reader: ByteReader): number | undefined {
  const first = reader.u8();
  if (first < PREFIX_GC) {
    const plain = PLAIN[first];
    if (plain === undefined) return undefined;
    plain(reader);
    return first;
  }
  const opcode = code(first, reader.u32());
  const skip = SKIPS.get(opcode);
  skip?.(reader);
  return skip === undefined ? undefined : opcode;
}

/** Skips the local variables that stand before the instructions of a function. */
export function skipLocals(reader: ByteReader): void {
  repeated(reader, (inner) => {
    index(inner);
    blockType(inner);
  });
}
