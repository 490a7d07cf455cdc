import { expect } from "chai";
import { failuresOf } from "./failures.ts";

describe("failuresOf()", () => {
  it("returns mocha's list of failures and what follows it", () => {
    expect(
      failuresOf("    ok 1\n\n  12 passing (3s)\n  1 failing\n\n  1) a suite\n       a test:\n     Error: no\n\n"),
    ).to.equal("  1 failing\n\n  1) a suite\n       a test:\n     Error: no");
  });

  it("returns the last 30 lines where mocha did not fail", () => {
    const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`);
    expect(failuresOf(`${lines.join("\n")}\n`)).to.equal(lines.slice(20).join("\n"));
  });

  it("returns 150 lines of a longer list", () => {
    const lines = ["  99 failing", ...Array.from({ length: 500 }, (_, index) => `line ${index}`)];
    expect(failuresOf(lines.join("\n")).split("\n")).to.deep.equal(lines.slice(0, 150));
  });
});
