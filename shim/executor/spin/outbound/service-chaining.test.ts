import { expect } from "chai";
import { describe, it } from "mocha";
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
