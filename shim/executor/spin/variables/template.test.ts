import { expect } from "chai";
import { describe, it } from "mocha";
import { parseTemplate } from "./template.ts";

describe("parseTemplate()", () => {
  for (const [text, expected] of [
    ["", []],
    ["a", ["a"]],
    ["a } b { c", ["a } b { c"]],
    ["a-{{ x }}-b", ["a-", ["x"], "-b"]],
    ["{{x}}{{ y_1 }}", [["x"], ["y_1"]]],
    ["}}{{x}}}}", ["}}", ["x"], "}}"]],
    ["{{ }}", [[""]]],
  ] as const) {
    it(`takes "${text}" apart`, () => {
      const parts = parseTemplate(text, "x").map((part) => (part.kind === "text" ? part.text : [part.name]));
      expect(parts).to.deep.equal(expected);
    });
  }

  for (const [text, message] of [
    ["{{ a }} {{ b", 'Cannot use the template "{{ a }} {{ b", an allowed host: a {{ in it has no }}'],
    ["{{", "has no }}"],
    ["{{a}}".repeat(2049), "more than 2048 variables"],
  ] as const) {
    it(`refuses "${text.slice(0, 20)}"`, () => {
      expect(() => parseTemplate(text, "an allowed host"))
        .to.throw(message)
        .with.property("code", "INVALID");
    });
  }
});
