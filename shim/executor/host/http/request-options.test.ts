import { expect } from "chai";
import { describe, it } from "mocha";
import { timerMsFrom } from "./request-options.ts";

describe("timerMsFrom()", () => {
  for (const [what, durationNs, ms] of [
    ["none", undefined, undefined],
    ["one too short for a timer", 1n, 1],
    ["a second and a half", 1_500_000_000n, 1500],
    ["the longest of all, which a timer would take for none", 2n ** 64n - 1n, 0x7fff_ffff],
  ] as const) {
    it(`gives ${what}`, () => {
      expect(timerMsFrom(durationNs)).to.equal(ms);
    });
  }
});
