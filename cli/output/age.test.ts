import { expect } from "chai";
import { describe, it } from "mocha";
import { ageOf } from "./age.ts";

const NOW = Date.parse("2026-11-27T12:00:00Z");

describe("ageOf()", () => {
  for (const [time, age] of [
    ["2026-11-27T12:00:00Z", "0s"],
    ["2026-11-27T11:59:01Z", "59s"],
    ["2026-11-27T11:59:00Z", "1m"],
    ["2026-11-27T11:00:01Z", "59m"],
    ["2026-11-27T11:00:00Z", "1h"],
    ["2026-11-26T12:00:01Z", "23h"],
    ["2026-10-18T12:00:00Z", "40d"],
    ["2026-11-27T12:00:05Z", "0s"], // By a clock that is ahead.
    ["soon", ""],
    [undefined, ""],
  ] as const) {
    it(`of ${String(time)} is "${age}"`, () => expect(ageOf(time, NOW)).to.equal(age));
  }
});
