import { ByteReader } from "../binary/byte-reader.ts";
import { BR_ON_CASTS, readInstruction } from "../core/instructions.ts";

/** What {@link longRuns} needs to know beside the code. */
export interface RunLimits {
  /** So many instructions may run between two charges. */
  readonly limit: number;
  /** What a direct call of a function adds, beside itself. */
  readonly weightOf: (callee: number) => number;
  /** Where charges are already, in their order. */
  readonly charges: readonly number[];
}

/**
 * Finds where a body needs more charges, so that on no way through it more than `limit` instructions run between two of
 * them: a loop around a megabyte of straight code would otherwise cost one a turn.
 *
 * All branches but those of loops, which cost already, lead forward. So one walk from the begin to the end knows for each
 * instruction how much may have run before it; exceptions may lead from anywhere to anywhere behind.
 *
 * @param reader - stands at the first instruction, and ends with the body.
 * @returns the places of the instructions before which a charge belongs, in their order.
 */
export function longRuns(reader: ByteReader, { limit, weightOf, charges }: RunLimits): readonly number[] {
  const walk = new Walk();
  const places: number[] = [];
  let charge = 0;
  while (!reader.done) {
    const start = reader.at;
    const opcode = readInstruction(reader) ?? -1;
    const cost = costOf(opcode, immediatesAt(reader, start), weightOf);
    for (; charges[charge] === start; charge += 1) walk.charged();
    if (walk.run + cost > limit) {
      places.push(start);
      walk.charged();
    }
    walk.spend(cost);
    STEPS.get(opcode)?.(walk, immediatesAt(reader, start));
  }
  return places;
}

function costOf(opcode: number, immediates: ByteReader, weightOf: RunLimits["weightOf"]): number {
  if (opcode === END || opcode === ELSE) return 0; // They do nothing.
  return opcode === CALL || opcode === RETURN_CALL ? 1 + weightOf(immediates.u32()) : 1;
}

/** Of an instruction without a prefix. */
function immediatesAt({ bytes, end }: ByteReader, start: number): ByteReader {
  return new ByteReader(bytes, start + 1, end);
}

/** Where no way leads. */
const NEVER = Number.NEGATIVE_INFINITY;

const ELSE = 0x05;
const END = 0x0b;
const CALL = 0x10;
const RETURN_CALL = 0x12;

/** A block that is open. */
interface Block {
  readonly isLoop: boolean;
  /** What may have run at its begin. */
  readonly before: number;
  /** What may have run where others than its last instruction lead to its end. */
  branched: number;
}

class Walk {
  /** What may have run since the last charge. */
  run = 0;
  readonly #blocks: Block[] = [];
  /** What may have run where exceptions begin. */
  #thrown = NEVER;
  #tries = 0;

  charged(): void {
    if (this.run !== NEVER) this.run = 0;
  }

  spend(cost: number): void {
    this.run += cost;
  }

  /** @param branched - its end may be reached without anything of it. */
  open(isLoop: boolean, branched = NEVER): void {
    this.#blocks.push({ isLoop, before: this.run, branched });
  }

  openTry(): void {
    this.#tries += 1;
    this.open(false);
  }

  /** The next part of a block that has several, of which one runs. */
  otherwise(): void {
    const block = this.#blocks.at(-1);
    if (block === undefined) return;
    block.branched = Math.max(block.branched, this.run);
    this.run = block.before;
  }

  handler(): void {
    this.otherwise();
    this.run = Math.max(this.run, this.#thrown);
  }

  close(): void {
    this.run = Math.max(this.run, this.#blocks.pop()?.branched ?? NEVER, this.#thrown);
  }

  branch(label: number): void {
    const block = this.#blocks.at(-1 - label);
    if (block !== undefined && !block.isLoop) block.branched = Math.max(block.branched, this.run);
  }

  /** Leads to wherever it is caught. */
  throwing(): void {
    this.#thrown = Math.max(this.#thrown, this.run);
  }

  called(): void {
    if (this.#tries > 0) this.throwing();
  }

  stop(): void {
    this.run = NEVER;
  }
}

type Step = (walk: Walk, immediates: ByteReader) => void;

function stop(walk: Walk): void {
  walk.stop();
}

function throwing(walk: Walk): void {
  walk.throwing();
  walk.stop();
}

function called(walk: Walk): void {
  walk.called();
}

function branch(walk: Walk, immediates: ByteReader): void {
  walk.branch(immediates.u32());
}

function branchTable(walk: Walk, immediates: ByteReader): void {
  for (let left = immediates.u32(); left >= 0; left -= 1) walk.branch(immediates.u32());
  walk.stop();
}

/** What instructions of control do, by their opcodes. */
const STEPS: ReadonlyMap<number, Step> = new Map<number, Step>([
  [0x00, stop], // unreachable
  [0x02, (walk) => walk.open(false)], // block
  [0x03, (walk) => walk.open(true)], // loop
  [0x04, (walk) => walk.open(false, walk.run)], // if
  [ELSE, (walk) => walk.otherwise()],
  [0x06, (walk) => walk.openTry()], // try
  [0x07, (walk) => walk.handler()], // catch
  [0x08, throwing], // throw
  [0x09, throwing], // rethrow
  [0x0a, throwing], // throw_ref
  [END, (walk) => walk.close()],
  [
    0x0c, // br
    (walk, immediates) => {
      branch(walk, immediates);
      walk.stop();
    },
  ],
  [0x0d, branch], // br_if
  [0x0e, branchTable],
  [0x0f, stop], // return
  [CALL, called],
  [0x11, called], // call_indirect
  [RETURN_CALL, stop],
  [0x13, stop], // return_call_indirect
  [0x14, called], // call_ref
  [0x15, stop], // return_call_ref
  [0x18, (walk) => walk.close()], // delegate
  [0x19, (walk) => walk.handler()], // catch_all
  [0x1f, (walk) => walk.openTry()], // try_table
  [0xd5, branch], // br_on_null
  [0xd6, branch], // br_on_non_null
  // Their label stands behind a flag; to anywhere is more than that.
  ...BR_ON_CASTS.map((opcode) => [opcode, (walk: Walk) => walk.throwing()] as const),
]);
