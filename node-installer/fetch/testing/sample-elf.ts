import { Buffer } from "node:buffer";

/** What a sample differs in from a static 64-bit little-endian x86-64 program. */
export interface SampleElf {
  readonly wide?: boolean;
  readonly littleEndian?: boolean;
  readonly type?: number;
  readonly machine?: number;
  readonly entry?: number;
  readonly interpreter?: string;
  /** Bytes behind the headers. */
  readonly payload?: Uint8Array;
}

const DEFAULTS = { wide: true, littleEndian: true, payload: Buffer.from("the program") } as const;
const LOAD = 1;
const INTERPRETER = 3;

/** A file with an ELF header, one loadable segment that covers it, and an interpreter if one is given. */
export function sampleElf(sample: SampleElf = {}): Buffer {
  const { wide, littleEndian, payload } = { ...DEFAULTS, ...sample };
  const text = interpreterText(sample);
  const [headerBytes, entryBytes] = wide ? [64, 56] : [52, 32];
  const segments = text.length === 0 ? 1 : 2;
  const start = headerBytes + segments * entryBytes;
  const file = Buffer.concat([Buffer.alloc(start), text, payload]);
  const put = numberWriter(file, wide, littleEndian);
  file.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, littleEndian ? 1 : 2, 1], 0);
  putHeader(put, wide, sample);
  put(wide ? 56 : 44, 2, segments);
  putSegment(put, headerBytes, { wide, type: LOAD, offset: 0, bytes: file.length });
  if (segments === 1) return file;
  putSegment(put, headerBytes + entryBytes, { wide, type: INTERPRETER, offset: start, bytes: text.length });
  return file;
}

function interpreterText({ interpreter }: SampleElf): Buffer {
  return interpreter === undefined ? Buffer.alloc(0) : Buffer.from(`${interpreter}\0`);
}

function putHeader(put: PutNumber, wide: boolean, { type = 2, machine = 62, entry = 0x1000 }: SampleElf): void {
  put(16, 2, type);
  put(18, 2, machine);
  put(24, 0, entry);
  put(wide ? 32 : 28, 0, wide ? 64 : 52);
  put(wide ? 54 : 42, 2, wide ? 56 : 32);
}

type PutNumber = (offset: number, bytes: 0 | 2 | 4, value: number) => void;

/** Writes numbers of 2 or 4 bytes, or 0 for those of an address. */
function numberWriter(file: Buffer, wide: boolean, littleEndian: boolean): PutNumber {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  return function put(offset, bytes, value) {
    if (bytes === 2) view.setUint16(offset, value, littleEndian);
    else if (bytes === 0 && wide) view.setBigUint64(offset, BigInt(value), littleEndian);
    else view.setUint32(offset, value, littleEndian);
  };
}

interface SampleSegment {
  readonly wide: boolean;
  readonly type: number;
  readonly offset: number;
  readonly bytes: number;
}

function putSegment(put: PutNumber, at: number, { wide, type, offset, bytes }: SampleSegment): void {
  put(at, 4, type);
  put(at + (wide ? 8 : 4), 0, offset);
  put(at + (wide ? 32 : 16), 0, bytes);
}
