import { expect } from "chai";
import { describe, it } from "mocha";
import { lastErrorOf } from "./runc-log.ts";

function line(level: string, msg: string): string {
  return JSON.stringify({ level, msg, time: "2026-01-01T00:00:00Z" });
}

describe("lastErrorOf()", () => {
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ["nothing in an empty log", "", undefined],
    ["the only error", line("error", "container does not exist"), "container does not exist"],
    ["the last of several errors", [line("error", "first"), line("error", "last")].join("\n"), "last"],
    ["the error before a later warning", [line("error", "bad"), line("warning", "odd")].join("\n"), "bad"],
    ["nothing when there are only warnings", line("warning", "odd"), undefined],
    ["what the loader wrote", "runc: GLIBC_2.38 not found\n", "runc: GLIBC_2.38 not found"],
    ["the error rather than a plain line", `${line("error", "bad")}\nbad\n`, "bad"],
    ["the rest of a line that was cut", `rror","msg":"x"}\n${line("fatal", "dead")}`, "dead"],
    ["a line of other JSON", '{"a":1}\n', '{"a":1}'],
  ];
  for (const [what, log, expected] of cases) {
    it(`finds ${what}`, () => {
      expect(lastErrorOf(log)).to.equal(expected);
    });
  }

  it("cuts a message that is too long", () => {
    expect(lastErrorOf(line("error", "x".repeat(10_000)))).to.have.length(4096);
  });
});
