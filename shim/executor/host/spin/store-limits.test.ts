import { expect } from "chai";
import { describe, it } from "mocha";
import { MAX_RESULT_BYTES, checkKey, checkMany, checkResult, checkValue } from "./store-limits.ts";

describe("the limits of stores", () => {
  const cases: readonly (readonly [name: string, allowed: () => void, refused: () => void, message: string])[] = [
    [
      "keys, in bytes",
      () => {
        checkKey("k".repeat(65_536));
      },
      () => {
        checkKey("ä".repeat(32_769));
      },
      "has more than 65536 bytes",
    ],
    [
      "values",
      () => {
        checkValue("k", new Uint8Array(32 << 20));
      },
      () => {
        checkValue("k", new Uint8Array((32 << 20) + 1));
      },
      'Cannot store the value of "k": it has 33554433 bytes',
    ],
    [
      "keys at once",
      () => {
        checkMany(10_000);
      },
      () => {
        checkMany(10_001);
      },
      "at most 10000",
    ],
    [
      "results",
      () => {
        checkResult(MAX_RESULT_BYTES);
      },
      () => {
        checkResult(MAX_RESULT_BYTES + 1);
      },
      "exceeds 134217728 bytes",
    ],
  ];
  for (const [name, allowed, refused, message] of cases) {
    it(`bound ${name}`, () => {
      allowed();
      expect(refused).to.throw(message);
    });
  }
});
