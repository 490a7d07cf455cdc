export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const NOTHING: Tally = { passed: 0, failed: 0, skipped: 0 };

/** Adds up mocha's closing lines: `12 passing (3s)`, `1 failing`, `2 pending`. */
export function tallyOf(output: string): Tally {
  return {
    passed: countOf(output, "passing"),
    failed: countOf(output, "failing"),
    skipped: countOf(output, "pending"),
  };
}

function countOf(output: string, word: string): number {
  const lines = output.matchAll(new RegExp(String.raw`^\s*(\d+) ${word}\b`, "gm"));
  return [...lines].reduce((sum, [, digits = "0"]) => sum + Number(digits), 0);
}

export function sumOf(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, { passed, failed, skipped }) => ({
      passed: sum.passed + passed,
      failed: sum.failed + failed,
      skipped: sum.skipped + skipped,
    }),
    NOTHING,
  );
}
