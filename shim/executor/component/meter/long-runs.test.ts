import { expect } from "chai";
import { array, assert, constant, constantFrom, letrec, nat, oneof, property, record } from "fast-check";
import { describe, it } from "mocha";
import { ByteReader } from "../binary/byte-reader.ts";
import { longRuns } from "./long-runs.ts";

const LIMIT = 8;

/** Code as its text has it. A branch names how many blocks out it leads, as far as there are so many. */
type Code = readonly Instruction[];
type Instruction =
  | { readonly kind: "plain" | "return" }
  | { readonly kind: "call"; readonly weight: number }
  | { readonly kind: "block" | "loop"; readonly body: Code }
  | { readonly kind: "if"; readonly body: Code; readonly other: Code }
  | { readonly kind: "branch" | "branchIf" | "table"; readonly out: number };

const { code } = letrec<{ code: Code; instruction: Instruction }>((tie) => ({
  code: array(tie("instruction"), { maxLength: 12 }),
  instruction: oneof(
    { maxDepth: 5 },
    { weight: 6, arbitrary: constant<Instruction>({ kind: "plain" }) },
    { weight: 1, arbitrary: constant<Instruction>({ kind: "return" }) },
    { weight: 2, arbitrary: record({ kind: constant("call" as const), weight: nat(LIMIT - 1) }) },
    { weight: 3, arbitrary: record({ kind: constantFrom("branch", "branchIf", "table"), out: nat(4) }) },
    { weight: 3, arbitrary: record({ kind: constantFrom("block", "loop"), body: tie("code") }) },
    { weight: 2, arbitrary: record({ kind: constant("if" as const), body: tie("code"), other: tie("code") }) },
  ),
}));

/** One instruction of the binary form, and where it may lead: numbers of instructions; none ends the function. */
interface Step {
  readonly at: number;
  readonly cost: number;
  readonly next: () => readonly number[];
}

/** The binary form of `code`, with its ways. Only what control needs is there: it is never run. */
class Program {
  readonly bytes: number[] = [];
  readonly steps: Step[] = [];
  /** Places that cost: where loops begin. */
  readonly charges: number[] = [];

  constructor(body: Code) {
    this.#write(body, []);
    this.#step([0x0b], 0, () => []);
  }

  #step(bytes: readonly number[], cost: number, next?: () => readonly number[]): number {
    const index = this.steps.length;
    this.steps.push({ at: this.bytes.length, cost, next: next ?? (() => [index + 1]) });
    this.bytes.push(...bytes);
    return index;
  }

  /** @param targets - of the blocks around, the innermost first. */
  #write(body: Code, targets: readonly (() => number)[]): void {
    for (const instruction of body) this.#writeOne(instruction, targets);
  }

  #writeOne(instruction: Instruction, targets: readonly (() => number)[]): void {
    switch (instruction.kind) {
      case "plain": {
        this.#step([0x01], 1);
        break;
      }
      case "return": {
        this.#step([0x0f], 1, () => []);
        break;
      }
      case "call": {
        this.#step([0x10, instruction.weight], 1 + instruction.weight);
        break;
      }
      case "branch":
      case "branchIf":
      case "table": {
        this.#writeBranch(instruction.kind, instruction.out, targets);
        break;
      }
      case "block":
      case "loop":
      case "if": {
        this.#writeBlock(instruction, targets);
      }
    }
  }

  #writeBranch(kind: "branch" | "branchIf" | "table", out: number, targets: readonly (() => number)[]): void {
    const target = targets[out];
    const index = this.steps.length;
    function ways(): number[] {
      return target === undefined ? [] : [target()];
    }
    if (kind === "branch") this.#step([0x0c, out], 1, ways);
    else if (kind === "branchIf") this.#step([0x0d, out], 1, () => [index + 1, ...ways()]);
    else this.#step([0x0e, 1, 0, out], 1, () => [...(targets[0] === undefined ? [] : [targets[0]()]), ...ways()]);
  }

  #writeBlock(instruction: Extract<Instruction, { readonly body: Code }>, targets: readonly (() => number)[]): void {
    let end = 0;
    let other = 0;
    const opcode = { block: 0x02, loop: 0x03, if: 0x04 }[instruction.kind];
    const head = this.#step([opcode, 0x40], 1, () => (instruction.kind === "if" ? [head + 1, other] : [head + 1]));
    if (instruction.kind === "loop") this.charges.push(this.bytes.length);
    const inside = [() => (instruction.kind === "loop" ? head + 1 : end), ...targets];
    this.#write(instruction.body, inside);
    if (instruction.kind === "if" && instruction.other.length > 0) {
      other = 1 + this.#step([0x05], 0, () => [end]);
      this.#write(instruction.other, inside);
    }
    end = this.#step([0x0b], 0);
    if (other === 0) other = end;
  }

  places(): readonly number[] {
    const reader = new ByteReader(Uint8Array.from(this.bytes));
    return longRuns(reader, { limit: LIMIT, weightOf: (callee) => callee, charges: this.charges });
  }

  /** The most that runs between two charges, on any way. */
  longest(places: readonly number[]): number {
    const charged = new Set([...places, ...this.charges]);
    const most = this.steps.map(() => -1);
    const open: [index: number, run: number][] = [[0, 0]];
    for (let way = open.pop(); way !== undefined; way = open.pop()) {
      const [index, before] = way;
      const step = this.steps[index];
      if (step === undefined) continue;
      const run = (charged.has(step.at) ? 0 : before) + step.cost;
      if (run <= (most[index] ?? 0)) continue;
      most[index] = run;
      if (run > 10 * LIMIT) break; // It would go on for ever.
      for (const next of step.next()) open.push([next, run]);
    }
    return Math.max(...most);
  }
}

describe("longRuns()", () => {
  it("leaves no way on which more runs between two charges", () => {
    assert(
      property(code, (body) => {
        const program = new Program(body);
        expect(program.longest(program.places())).to.be.at.most(LIMIT);
      }),
      { numRuns: 2000 },
    );
  });

  for (const [what, body, count] of [
    ["nothing in short code", plain(LIMIT), 0],
    ["each limit of straight code", plain(10 * LIMIT), 9],
    ["nothing where one of several short ways is taken", cases(3), 0],
    ["nothing that is never reached", [{ kind: "return" }, ...plain(100)], 0],
    ["calls by their weight", Array.from({ length: 8 }, () => ({ kind: "call", weight: LIMIT / 2 })), 7],
  ] as const satisfies readonly (readonly [string, Code, number])[]) {
    it(`charges ${what}`, () => {
      expect(new Program(body).places()).to.have.length(count);
    });
  }

  // try_table (catch_all 0), then what is caught may have run as long as the call: after it there is little left.
  it("knows that what is thrown goes on behind", () => {
    const body = [0x1f, 0x40, 1, 2, 0, 0x01, 0x01, 0x01, 0x01, 0x10, 0, 0x00, 0x0b, 0x01, 0x01, 0x01, 0x0b];
    const reader = new ByteReader(Uint8Array.from(body));
    expect(longRuns(reader, { limit: LIMIT, weightOf: () => 0, charges: [] })).to.deep.equal([15]);
  });
});

function plain(length: number): Code {
  return Array.from({ length }, () => ({ kind: "plain" }));
}

/** As many cases as told, of which each leads to the end: all together are longer than the limit. */
function cases(count: number): Code {
  let body: Code = [{ kind: "table", out: count - 1 }];
  for (let index = 1; index <= count; index += 1) {
    body = [{ kind: "block", body }, ...plain(2), { kind: "branch", out: count - index }];
  }
  return [{ kind: "block", body }];
}
