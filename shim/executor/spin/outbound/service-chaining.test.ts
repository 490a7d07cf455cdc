import { expect } from "chai";
import { describe, it } from "mocha";
import { describeDenial } from "./denial.ts";
import { chainedComponent } from "./service-chaining.ts";

describe("chainedComponent()", () => {
  for (const [host, expected] of [
    ["back.spin.internal", "back"],
    ["a.back.spin.internal", undefined],
    [".spin.internal", undefined],
    ["spin.internal", undefined],
    ["back.spin.internal.test", undefined],
  ] as const) {
    it(`takes ${host} for ${String(expected)}`, () => {
      expect(chainedComponent(host)).to.equal(expected);
    });
  }
});

describe("describeDenial()", () => {
  for (const [target, address] of [
    [{ scheme: "https", host: "a.test", port: undefined }, "https://a.test"],
    [{ scheme: "tcp", host: "::1", port: 80 }, "tcp://[::1]:80"],
  ] as const) {
    it(`says what would allow ${address}`, () => {
      expect(describeDenial(target)).to.include(`destination '${address}'`).and.include(`["${address}"]`);
    });
  }
});
