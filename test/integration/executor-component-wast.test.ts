import { join } from "node:path";
import { expect } from "chai";
import { SUITES, wastFiles, withWast } from "./executor-wast-commands.ts";
import { EXCLUSIONS, FEATURES, UNREADABLE } from "./executor-wast-exclusions.ts";
import { runWast, type Outcome } from "./executor-wast-runner.ts";

const INSTALL_MS = 300_000;
/** Commands that pass at least: that what is read is what is meant. */
const AT_LEAST: Readonly<Record<keyof typeof SUITES, number>> = { specification: 950, "wasm-tools": 800 };

function isExpected(file: string, { line, kind, ...outcome }: Outcome): boolean {
  if (kind === "unsupported" && "reason" in outcome) return FEATURES.some(([text]) => outcome.reason.includes(text));
  return kind !== "failed" || EXCLUSIONS.some((exclusion) => exclusion.file === file && exclusion.lines.includes(line));
}

function textOf({ line, type, ...outcome }: Outcome): string {
  return `line ${line}, ${type}: ${"reason" in outcome ? outcome.reason : outcome.kind}`;
}

for (const suite of Object.keys(SUITES) as (keyof typeof SUITES)[]) {
  describe(`the tests of ${suite} for the component model`, function () {
    this.timeout(INSTALL_MS);
    const outcomes = new Map<string, readonly Outcome[]>();

    before(async () => {
      const { folder, names } = await wastFiles(suite);
      for (const name of names) {
        const file = `${suite}/${name}`;
        if (!(file in UNREADABLE)) outcomes.set(file, await withWast(join(folder, name), runWast));
      }
    });

    it("pass, but for what is named with its reason", () => {
      const failures = [...outcomes].flatMap(([file, found]) =>
        found.filter((outcome) => !isExpected(file, outcome)).map((outcome) => `${file} ${textOf(outcome)}`),
      );
      expect(failures).to.deep.equal([]);
    });

    it("are excluded only where they fail", () => {
      const needless = EXCLUSIONS.filter(({ file }) => file.startsWith(`${suite}/`)).flatMap(({ file, lines }) => {
        const found = outcomes.get(file) ?? [];
        const failed = new Set(found.filter(({ kind }) => kind === "failed").map(({ line }) => line));
        return lines.filter((line) => !failed.has(line)).map((line) => `${file} line ${line}`);
      });
      expect(needless).to.deep.equal([]);
    });

    it("are run in great number", () => {
      const passed = [...outcomes.values()].flat().filter(({ kind }) => kind === "passed");
      expect(passed.length).to.be.at.least(AT_LEAST[suite]);
    });
  });
}
