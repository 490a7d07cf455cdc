import { expect } from "chai";
import { describe, it } from "mocha";
import { bytesOf, nanosOf } from "./quantity.ts";

describe("bytesOf()", () => {
  const cases: readonly [text: string, bytes: bigint | undefined][] = [
    ["40M", 40_000_000n],
    ["64Mi", 67_108_864n],
    ["1.5Gi", 1_610_612_736n],
    ["1500m", 2n],
    ["1", 1n],
    ["+2k", 2000n],
    ["1e3", 1000n],
    ["1.25E3", 1250n],
    ["25e-1", 3n],
    [".5Ki", 512n],
    ["1n", 1n],
    ["", undefined],
    [".", undefined],
    ["-1", undefined],
    ["1Qi", undefined],
    ["lots", undefined],
  ];
  for (const [text, bytes] of cases) {
    it(`reads "${text}"`, () => expect(bytesOf(text)).to.equal(bytes));
  }
});

describe("nanosOf()", () => {
  const cases: readonly [text: string, nanos: bigint | undefined][] = [
    ["100m", 100_000_000n],
    ["0.1", 100_000_000n],
    ["1n", 1n],
    ["0.1n", 1n],
    ["1Ki", 1_024_000_000_000n],
    ["-100m", undefined],
    ["100x", undefined],
  ];
  for (const [text, nanos] of cases) {
    it(`reads "${text}"`, () => expect(nanosOf(text)).to.equal(nanos));
  }
});
