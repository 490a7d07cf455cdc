import { expect } from "chai";
import { describe, it } from "mocha";
import { csvFields } from "./csv-fields.ts";

describe("csvFields()", () => {
  const cases: readonly [text: string, fields: readonly string[] | undefined][] = [
    ["a", ["a"]],
    ["a,b", ["a", "b"]],
    ["", [""]],
    ["a,", ["a", ""]],
    ['"a,b",c', ["a,b", "c"]],
    ['"say ""yes""",c', ['say "yes"', "c"]],
    ['"two\nlines"', ["two\nlines"]],
    ['a"b', undefined],
    ['"a', undefined],
    ['"a"b', undefined],
  ];
  for (const [text, fields] of cases) {
    it(`reads ${JSON.stringify(text)}`, () => expect(csvFields(text)).to.deep.equal(fields));
  }
});
