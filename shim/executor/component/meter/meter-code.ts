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

/** call, return_call */
const DIRECT_CALLS: ReadonlySet<number> = new Set([0x10, 0x12]);
/** call_indirect, return_call_indirect, call_ref, return_call_ref */
const INDIRECT_CALLS: ReadonlySet<number> = new Set([0x11, 0x13, 0x14, 0x15]);
/** memory.init, memory.copy, memory.fill, table.init, table.copy, table.fill: the length is on top of the stack. */
const BULK: ReadonlySet<number> = new Set([8, 10, 11, 12, 14, 17]);

/** What {@link meterBody} needs to know about the function as a whole. */
export interface MeteredFunction {
  readonly params: number;
  /** Whether entering it costs: so that recursion costs. */
  readonly isHead: boolean;
}

/**
 * Writes the body of one function anew, from its locals to its end: every turn of a loop costs one, and so does every
 * call of a function that is only known at run time; a bulk operation costs by its length.
 */
export function meterBody(
  bytes: Uint8Array,
  scan: BodyScan,
  { params, isHead }: MeteredFunction,
  indices: MeterIndices,
): MeteredBody {
  const scratch = params + scan.locals;
  const rare: number[] = [];
  const out = new ByteWriter(scan.end - scan.groupsStart + 64 + scan.marks.length * 32);
  writeLocals(out, bytes, scan);
  if (isHead) rare.push(writeCharge(out, indices, scratch));
  let copied = scan.codeStart;
  for (const { at, isBulk } of scan.marks) {
    out.append(bytes.subarray(copied, at));
    copied = at;
    rare.push(isBulk ? writeBulkCharge(out, indices, scratch) : writeCharge(out, indices, scratch));
  }
  out.append(bytes.subarray(copied, scan.end));
  return { bytes: out.bytes(), rare };
}

export interface MeteredBody {
  readonly bytes: Uint8Array;
  /** Where branches begin that are hardly ever taken, from the start of the bytes. */
  readonly rare: readonly number[];
}

interface Mark {
  /** After the head of a loop, or before any other instruction. */
  readonly at: number;
  readonly isBulk: boolean;
}

/** What is where in a function's body. */
export interface BodyScan {
  readonly localGroups: number;
  /** After the count of the groups. */
  readonly groupsStart: number;
  readonly codeStart: number;
  readonly end: number;
  readonly locals: number;
  readonly marks: readonly Mark[];
  /** Functions that are called directly. */
  readonly callees: readonly number[];
}

/** @param reader - stands at the locals, and ends with the body. */
export function scanBody(reader: ByteReader): BodyScan {
  const localGroups = reader.u32();
  const groupsStart = reader.at;
  let locals = 0;
  for (let left = localGroups; left > 0; left -= 1) {
    locals += reader.u32();
    const type = reader.u8();
    if (type === 0x63 || type === 0x64) reader.skipLeb(5);
  }
  const codeStart = reader.at;
  return { localGroups, groupsStart, codeStart, end: reader.end, locals, ...scanCode(reader) };
}

function scanCode(reader: ByteReader): Pick<BodyScan, "marks" | "callees"> {
  const marks: Mark[] = [];
  const callees = new Set<number>();
  while (!reader.done) {
    const start = reader.at;
    const opcode = reader.u8();
    if (DIRECT_CALLS.has(opcode)) {
      callees.add(reader.u32());
      continue;
    }
    const sub = isPrefix(opcode) ? reader.u32() : 0;
    skipOperands(reader, opcode, sub);
    if (opcode === LOOP) marks.push({ at: reader.at, isBulk: false });
    else if (INDIRECT_CALLS.has(opcode)) marks.push({ at: start, isBulk: false });
    else if (opcode === PREFIX_MISC && BULK.has(sub)) marks.push({ at: start, isBulk: true });
  }
  return { marks, callees: [...callees] };
}

/** One more local, at the end: no other index moves. */
function writeLocals(out: ByteWriter, bytes: Uint8Array, scan: BodyScan): void {
  out.u32(scan.localGroups + 1);
  out.append(bytes.subarray(scan.groupsStart, scan.codeStart));
  out.u32(1);
  out.put(I32);
}

/** fuel -= 1; if (fuel < 0) refuel() */
function writeCharge(out: ByteWriter, { fuel, refuel }: MeterIndices, scratch: number): number {
  out.put(0x23); // global.get
  out.u32(fuel);
  out.put(0x41, 0x01, 0x6b); // i32.const 1, i32.sub
  return writeSpend(out, { fuel, refuel }, scratch);
}

/** fuel -= length >> 8; if (fuel < 0) refuel() */
function writeBulkCharge(out: ByteWriter, { fuel, refuel }: MeterIndices, scratch: number): number {
  out.put(0x22); // local.tee: the length stays in place
  out.u32(scratch);
  out.put(0x23); // global.get
  out.u32(fuel);
  out.put(0x20); // local.get
  out.u32(scratch);
  out.put(0x41, BULK_SHIFT, 0x76, 0x6b); // i32.const, i32.shr_u, i32.sub
  return writeSpend(out, { fuel, refuel }, scratch);
}

/** Returns where the branch is. */
function writeSpend(out: ByteWriter, { fuel, refuel }: MeterIndices, scratch: number): number {
  out.put(0x22); // local.tee
  out.u32(scratch);
  out.put(0x24); // global.set
  out.u32(fuel);
  out.put(0x20); // local.get
  out.u32(scratch);
  out.put(0x41, 0x00, 0x48); // i32.const 0, i32.lt_s
  const branch = out.length;
  out.put(0x04, 0x40, 0x10); // if, call
  out.u32(refuel);
  out.put(0x0b); // end
  return branch;
}
