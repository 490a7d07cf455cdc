import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { buildGuest, type GuestName } from "../guests/build-guest.ts";
import { FLAGS } from "../support/executor-process.ts";
import { HANDMADE } from "./executor-component-handmade.ts";
import type { Outcome } from "./executor-component-outcomes.ts";

const PROGRAM = join(import.meta.dirname, "executor-component-outcomes.ts");
const BUILD_MS = 900_000;
const RUN_MS = 300_000;
const MAX_CPU_MS = 1000;
const MAX_MIB = 256;
const MUTANTS: readonly (readonly [name: GuestName, count: number])[] = [
  ["c-http", 450],
  ["rust-values", 450],
  ["composed-values", 350],
  ["go-http", 32],
  ["js-http", 12],
];
/** What was prepared. */
const PREPARED: ReadonlySet<string> = new Set(["works", "TRAP"]);

/** What came of components, all in one process: see the program. */
async function outcomesOf(...args: readonly string[]): Promise<Outcome[]> {
  const program = spawn(process.execPath, [...FLAGS, PROGRAM, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: RUN_MS,
  });
  const ended = once(program, "close");
  const [lines, errors] = await Promise.all([text(program.stdout), text(program.stderr)]);
  const [code, signal] = (await ended) as [number | null, string | null];
  const outcomes = lines.split("\n").filter((line) => line !== "");
  if (code !== 0) throw new Error(`It ended with ${code ?? signal} after ${outcomes.length} components: ${errors}`);
  return outcomes.map((line) => JSON.parse(line) as Outcome);
}

describe("hostile components", function () {
  this.timeout(BUILD_MS);

  for (const [seed, [name, count]] of MUTANTS.entries()) {
    it(`that are mutants of ${name} are refused or work, and take little time and memory`, async () => {
      const [original, ...mutants] = await outcomesOf(await buildGuest(name), `${seed + 1}`, `${count}`);
      expect(mutants).to.have.length(count);
      // One that is prepared is a component as good as the original, however large that is.
      const maxPreparedMs = Math.max(MAX_CPU_MS, 2 * (original?.cpuMs ?? 0));
      for (const [index, { what, cpuMs, grownMiB }] of mutants.entries()) {
        const mutant = `mutant ${index} of ${name}: ${what}`;
        expect(cpuMs, `${mutant}, ms`).to.be.lessThan(PREPARED.has(what) ? maxPreparedMs : MAX_CPU_MS);
        expect(grownMiB, `${mutant}, MiB`).to.be.lessThan(MAX_MIB);
      }
      expect(mutants.map(({ what }) => what)).to.include.members(["MALFORMED", "INVALID"]);
    });
  }

  it("that are made by hand are refused or work, and take little time and memory", async () => {
    const outcomes = await outcomesOf();
    const whats = outcomes.map(({ what }, index) => `${HANDMADE[index]?.what}: ${what}`);
    expect(whats).to.deep.equal(HANDMADE.map(({ what, outcome }) => `${what}: ${outcome}`));
    for (const [index, { cpuMs, grownMiB }] of outcomes.entries()) {
      expect(cpuMs, `${HANDMADE[index]?.what}, ms`).to.be.lessThan(MAX_CPU_MS);
      expect(grownMiB, `${HANDMADE[index]?.what}, MiB`).to.be.lessThan(MAX_MIB);
    }
  });
});
