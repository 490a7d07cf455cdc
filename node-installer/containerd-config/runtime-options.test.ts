import { expect } from "chai";
import { describe, it } from "mocha";
import { caught } from "./caught.test.ts";
import { parseOptions } from "./runtime-options.ts";

describe("parseOptions()", () => {
  const values: readonly (readonly [text: string, expected: string | boolean | bigint])[] = [
    ["true", true],
    ["false", false],
    ["True", "True"],
    ["", ""],
    ["0", 0n],
    ["-0", "-0"],
    ["42", 42n],
    ["-7", -7n],
    ["+7", "+7"],
    ["007", "007"],
    ["1.5", "1.5"],
    ["0x10", "0x10"],
    ["9223372036854775807", 9223372036854775807n],
    ["9223372036854775808", "9223372036854775808"],
    ["-9223372036854775808", -9223372036854775808n],
    ["-9223372036854775809", "-9223372036854775809"],
    ["/etc/x.toml", "/etc/x.toml"],
    ["1 ", "1 "],
  ];
  for (const [text, expected] of values) {
    it(`makes ${typeof expected} ${String(expected)} of ${JSON.stringify(text)}`, () => {
      expect(parseOptions({ key: text })).to.deep.equal({ key: expected });
    });
  }

  for (const key of ["a.b", "", "a b", 'a"', "ä", "a\n"]) {
    it(`refuses the key ${JSON.stringify(key)}`, () => {
      const error = caught(() => parseOptions({ [key]: "1" }));
      expect(error).to.have.property("code", "RequestInvalid");
      expect(error?.message).to.include(JSON.stringify(key));
    });
  }

  it("says that nested options are not supported", () => {
    expect(caught(() => parseOptions({ "a.b": "1" }))?.message).to.include("nested options are not supported");
  });
});
