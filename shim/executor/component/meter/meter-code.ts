import type { ByteReader } from "../binary/byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { PREFIX_MISC, isPrefix, skipOperands } from "./skip-instruction.ts";

/** Where the meter's own definitions are in the module. */
export interface MeterIndices {
  /** Mutable i32: what may still be spent. */
  readonly fuel: number;
  /** The function to call when it is used up. */
  readonly refuel: number;
}

const LOOP = 0x03;
const I32 = 0x7f;
/** Bulk operations cost one for so many bytes (as a power of two), or elements. */
const BULK_SHIFT = 8;

const CALLS: ReadonlySet<number> = new Set([0x10, 0x11, 0x12, 0x13, 0x14, 0x15]);
/** memory.init, memory.copy, memory.fill, table.init, table.copy, table.fill: the length is on top of the stack. */
const BULK: ReadonlySet<number> = new Set([8, 10, 11, 12, 14, 17]);

/**
 * Rewrites the body of one function, from its locals to its end: every turn of a loop costs one; so does every call of a
 * function that calls others (without which there is no recursion); a bulk operation costs by its length.
 *
 * @param params - the number of the function's parameters.
 */
export function meterBody(reader: ByteReader, params: number, indices: MeterIndices): Uint8Array {
  const scan = scanBody(reader);
  const scratch = params + scan.locals;
  const out = new ByteWriter(reader.end - scan.localsStart + 64 + scan.marks.length * 32);
  writeLocals(out, reader, scan);
  if (scan.hasCalls) writeCharge(out, indices, scratch);
  let copied = scan.codeStart;
  for (const { at, isBulk } of scan.marks) {
    out.append(reader.bytes.subarray(copied, at));
    copied = at;
    if (isBulk) writeBulkCharge(out, indices, scratch);
    else writeCharge(out, indices, scratch);
  }
  out.append(reader.bytes.subarray(copied, reader.end));
  return out.bytes();
}

interface Mark {
  /** After the head of a loop, or before a bulk operation. */
  readonly at: number;
  readonly isBulk: boolean;
}

interface BodyScan {
  readonly localsStart: number;
  readonly localGroups: number;
  /** After the count of the groups. */
  readonly groupsStart: number;
  readonly codeStart: number;
  readonly locals: number;
  readonly hasCalls: boolean;
  readonly marks: readonly Mark[];
}

function scanBody(reader: ByteReader): BodyScan {
  const localsStart = reader.at;
  const localGroups = reader.u32();
  const groupsStart = reader.at;
  let locals = 0;
  for (let left = localGroups; left > 0; left -= 1) {
    locals += reader.u32();
    const type = reader.u8();
    if (type === 0x63 || type === 0x64) reader.skipLeb(5);
  }
  const codeStart = reader.at;
  return { localsStart, localGroups, groupsStart, codeStart, locals, ...scanCode(reader) };
}

function scanCode(reader: ByteReader): { readonly hasCalls: boolean; readonly marks: readonly Mark[] } {
  const marks: Mark[] = [];
  let hasCalls = false;
  while (!reader.done) {
    const start = reader.at;
    const opcode = reader.u8();
    const sub = isPrefix(opcode) ? reader.u32() : 0;
    skipOperands(reader, opcode, sub);
    if (opcode === LOOP) marks.push({ at: reader.at, isBulk: false });
    else if (opcode === PREFIX_MISC && BULK.has(sub)) marks.push({ at: start, isBulk: true });
    else if (CALLS.has(opcode)) hasCalls = true;
  }
  return { hasCalls, marks };
}

/** One more local, at the end: no other index moves. */
function writeLocals(out: ByteWriter, reader: ByteReader, scan: BodyScan): void {
  out.u32(scan.localGroups + 1);
  out.append(reader.bytes.subarray(scan.groupsStart, scan.codeStart));
  out.u32(1);
  out.put(I32);
}

/** fuel -= 1; if (fuel < 0) refuel() */
function writeCharge(out: ByteWriter, { fuel, refuel }: MeterIndices, scratch: number): void {
  out.put(0x23); // global.get
  out.u32(fuel);
  out.put(0x41, 0x01, 0x6b); // i32.const 1, i32.sub
  writeSpend(out, { fuel, refuel }, scratch);
}

/** fuel -= length >> 8; if (fuel < 0) refuel() */
function writeBulkCharge(out: ByteWriter, { fuel, refuel }: MeterIndices, scratch: number): void {
  out.put(0x22); // local.tee: the length stays in place
  out.u32(scratch);
  out.put(0x23); // global.get
  out.u32(fuel);
  out.put(0x20); // local.get
  out.u32(scratch);
  out.put(0x41, BULK_SHIFT, 0x76, 0x6b); // i32.const, i32.shr_u, i32.sub
  writeSpend(out, { fuel, refuel }, scratch);
}

function writeSpend(out: ByteWriter, { fuel, refuel }: MeterIndices, scratch: number): void {
  out.put(0x22); // local.tee
  out.u32(scratch);
  out.put(0x24); // global.set
  out.u32(fuel);
  out.put(0x20); // local.get
  out.u32(scratch);
  out.put(0x41, 0x00, 0x48, 0x04, 0x40, 0x10); // i32.const 0, i32.lt_s, if, call
  out.u32(refuel);
  out.put(0x0b); // end
}
