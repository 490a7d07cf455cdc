import { expect } from "chai";
import { describe, it } from "mocha";
import { allowedThreads } from "./allowed-threads.ts";

const MIB = 1024 * 1024;

describe("allowedThreads()", () => {
  for (const [processors, cpus, memoryBytes, expected] of [
    [4, undefined, undefined, 4],
    [64, undefined, undefined, 16],
    [1, 8, undefined, 1],
    [8, 0.1, undefined, 1],
    [8, 1, undefined, 1],
    [8, 1.5, undefined, 2],
    [8, undefined, 64 * MIB, 1],
    [8, undefined, 255 * MIB, 1],
    [8, undefined, 256 * MIB, 2],
    [8, 3, 2048 * MIB, 3],
  ] as const) {
    it(`gives ${expected} with ${processors} processors, a limit of ${String(cpus)} and ${String(memoryBytes)} bytes`, () => {
      expect(allowedThreads({ processors, cpus, memoryBytes })).to.equal(expected);
    });
  }
});
