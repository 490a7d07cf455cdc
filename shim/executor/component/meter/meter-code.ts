import type { ByteReader } from "../binary/byte-reader.ts";
import { ByteWriter } from "../core/byte-writer.ts";
import {
  ARRAYS_OF_LENGTH,
  MEMORY_COPY,
  MEMORY_FILL,
  MEMORY_GROW,
  MEMORY_INIT,
  readInstruction,
  TABLE_COPY,
  TABLE_FILL,
  TABLE_GROW,
  TABLE_INIT,
} from "../core/instructions.ts";

/** Where the meter's own definitions are in the module. */
export interface MeterIndices {
  /** Mutable i32: what may still be spent. */
  readonly fuel: number;
  /** The function to call when it is used up. */
  readonly refuel: number;
  /** If the host is asked before a memory grows. */
  readonly growth: GrowthIndices | undefined;
}

/** How the host is asked before a memory grows. */
export interface GrowthIndices {
  /** Of the function in the table: (pages i32, id i32, limit i32) -> pages i32. */
  readonly type: number;
  readonly table: number;
  readonly slot: number;
  /** Global variable: which instance asks. */
  readonly id: number;
  /** What all memories of the instance together may have, in pages. */
  readonly limit: number;
}

const LOOP = 0x03;
const I32 = 0x7f;
/** Bulk operations cost one for so many bytes (as a power of two), or elements. */
const BULK_SHIFT = 8;

/** call, return_call */
const DIRECT_CALLS: ReadonlySet<number> = new Set([0x10, 0x12]);
/** call_indirect, return_call_indirect, call_ref, return_call_ref */
const INDIRECT_CALLS: ReadonlySet<number> = new Set([0x11, 0x13, 0x14, 0x15]);
/** The length is on top of the stack. */
const BULK: ReadonlySet<number> = new Set([
  MEMORY_INIT,
  MEMORY_COPY,
  MEMORY_FILL,
  TABLE_INIT,
  TABLE_COPY,
  TABLE_FILL,
  TABLE_GROW,
  ...ARRAYS_OF_LENGTH,
]);

/** What {@link meterBody} needs to know about the function as a whole. */
export interface MeteredFunction {
  readonly params: number;
  /** Whether entering it costs. */
  readonly isCharged: boolean;
  /** Where it costs beside its loops and calls: see `longRuns`. */
  readonly more: readonly number[];
}

/**
 * Writes the body of one function anew, from its locals to its end: every turn of a loop costs one, and so does every
 * call of a function that is only known at run time; a bulk operation costs by its length.
 */
export function meterBody(
  bytes: Uint8Array,
  scan: BodyScan,
  { params, isCharged, more }: MeteredFunction,
  indices: MeterIndices,
): MeteredBody {
  const scratch = params + scan.locals;
  const rare: number[] = [];
  const marks = withMore(scan.marks, more);
  const out = new ByteWriter(scan.end - scan.groupsStart + 64 + marks.length * 32);
  writeLocals(out, bytes, scan);
  if (isCharged) rare.push(writeCharge(out, indices, scratch));
  let copied = scan.codeStart;
  for (const { at, kind } of marks) {
    out.bytes(bytes.subarray(copied, at));
    copied = at;
    if (kind === "growth") writeAskToGrow(out, indices);
    else rare.push(kind === "bulk" ? writeBulkCharge(out, indices, scratch) : writeCharge(out, indices, scratch));
  }
  out.bytes(bytes.subarray(copied, scan.end));
  return { bytes: out.finish(), rare };
}

function withMore(marks: readonly Mark[], more: readonly number[]): readonly Mark[] {
  if (more.length === 0) return marks;
  return [...marks, ...more.map((at): Mark => ({ at, kind: "step" }))].toSorted((left, right) => left.at - right.at);
}

export interface MeteredBody {
  readonly bytes: Uint8Array;
  /** Where branches begin that are hardly ever taken, from the start of the bytes. */
  readonly rare: readonly number[];
}

interface Mark {
  /** After the head of a loop, or before any other instruction. */
  readonly at: number;
  /** What is to be written there: a charge of one, one by length, or the question whether a memory may grow. */
  readonly kind: "step" | "bulk" | "growth";
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
  /** The functions that are called directly, one for each call. */
  readonly callees: readonly number[];
  readonly instructions: number;
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

function scanCode(reader: ByteReader): Pick<BodyScan, "marks" | "callees" | "instructions"> {
  const marks: Mark[] = [];
  const callees: number[] = [];
  let instructions = 0;
  while (!reader.done) {
    const start = reader.at;
    instructions += 1;
    if (DIRECT_CALLS.has(reader.peek())) {
      reader.skip(1);
      callees.push(reader.u32());
      continue;
    }
    const opcode = readInstruction(reader);
    if (opcode === undefined) throw reader.error("the instruction is not known", "UNSUPPORTED", start);
    const kind = kindOf(opcode);
    if (kind !== undefined) marks.push({ at: opcode === LOOP ? reader.at : start, kind });
  }
  return { marks, callees, instructions };
}

function kindOf(opcode: number): Mark["kind"] | undefined {
  if (opcode === LOOP || INDIRECT_CALLS.has(opcode)) return "step";
  if (BULK.has(opcode)) return "bulk";
  return opcode === MEMORY_GROW ? "growth" : undefined;
}

/** One more local, at the end: no other index moves. */
function writeLocals(out: ByteWriter, bytes: Uint8Array, scan: BodyScan): void {
  out.u32(scan.localGroups + 1);
  out.bytes(bytes.subarray(scan.groupsStart, scan.codeStart));
  out.u32(1);
  out.u8(I32);
}

/** fuel -= 1; if (fuel < 0) refuel() */
function writeCharge(out: ByteWriter, { fuel, refuel }: MeterIndices, scratch: number): number {
  out.u8(0x23); // global.get
  out.u32(fuel);
  out.u8(0x41, 0x01, 0x6b); // i32.const 1, i32.sub
  return writeSpend(out, { fuel, refuel }, scratch);
}

/** fuel -= length >> 8; if (fuel < 0) refuel() */
function writeBulkCharge(out: ByteWriter, { fuel, refuel }: MeterIndices, scratch: number): number {
  out.u8(0x22); // local.tee: the length stays in place
  out.u32(scratch);
  out.u8(0x23); // global.get
  out.u32(fuel);
  out.u8(0x20); // local.get
  out.u32(scratch);
  out.u8(0x41, BULK_SHIFT, 0x76, 0x6b); // i32.const, i32.shr_u, i32.sub
  return writeSpend(out, { fuel, refuel }, scratch);
}

/** Returns where the branch is. */
function writeSpend(out: ByteWriter, { fuel, refuel }: Pick<MeterIndices, "fuel" | "refuel">, scratch: number): number {
  out.u8(0x22); // local.tee
  out.u32(scratch);
  out.u8(0x24); // global.set
  out.u32(fuel);
  out.u8(0x20); // local.get
  out.u32(scratch);
  out.u8(0x41, 0x00, 0x48); // i32.const 0, i32.lt_s
  const branch = out.length;
  out.u8(0x04, 0x40, 0x10); // if, call
  out.u32(refuel);
  out.u8(0x0b); // end
  return branch;
}

/** Before memory.grow: the pages on the stack become what the host says, -1 if they are too many. No memory grows by that. */
function writeAskToGrow(out: ByteWriter, { growth }: MeterIndices): void {
  if (growth === undefined) return;
  out.u8(0x23); // global.get
  out.u32(growth.id);
  out.u8(0x41); // i32.const
  out.s32(growth.limit);
  out.u8(0x41, growth.slot, 0x11); // i32.const, call_indirect
  out.u32(growth.type);
  out.u32(growth.table);
}
