const LINES_AT_MOST = 150;
const LINES_WITHOUT_MOCHA = 30;

/**
 * What a failed suite said of its failures: mocha's list behind `N failing`, or the last lines where mocha was not the
 * one that failed. At most 150 lines. It is printed again at the very end, for a log of which only the end is kept.
 */
export function failuresOf(output: string): string {
  const lines = output.trimEnd().split("\n");
  const from = lines.findIndex((line) => /^\s*\d+ failing\b/.test(line));
  return (from === -1 ? lines.slice(-LINES_WITHOUT_MOCHA) : lines.slice(from, from + LINES_AT_MOST)).join("\n");
}
