import { expect } from "chai";
import { describe, it } from "mocha";
import { warningText } from "./warning-text.ts";

describe("warningText()", () => {
  const cases: readonly [header: string, text: string][] = [
    ['299 - "unknown field"', "unknown field"],
    [String.raw`299 - "unknown field \"spec.a\""`, 'unknown field "spec.a"'],
    [String.raw`299 agent "a \\ b" "Thu, 26 Nov 2026 00:00:00 GMT"`, String.raw`a \ b`],
    ["something else", "something else"],
  ];
  for (const [header, text] of cases) {
    it(`reads ${header}`, () => expect(warningText(header)).to.equal(text));
  }
});
