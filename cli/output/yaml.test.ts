import { expect } from "chai";
import { array, assert, constant, dictionary, double, integer, letrec, oneof, property, string } from "fast-check";
import { describe, it } from "mocha";
import { parse } from "yaml";
import { yamlOf } from "./yaml.ts";

/** Texts that one version of YAML or another takes for something else than a string. */
const ODD = [
  "",
  " ",
  "a ",
  "true",
  "False",
  "y",
  "NO",
  "on",
  "null",
  "~",
  "1",
  "0x1f",
  "0o17",
  "1e3",
  "1E3",
  "1_000",
  "12:30:45",
  "2026-11-26",
  ".inf",
  ".nan",
  "+1",
  "-",
  "- a",
  "?",
  "a: b",
  "a:",
  "a #b",
  "#a",
  "@x",
  "`x`",
  "*x",
  "&x",
  "!x",
  "%x",
  "|",
  ">",
  "[a]",
  "{a: b}",
  "'a'",
  '"a"',
  "a\nb",
  "a\tb",
  "\r",
  "---",
  "...",
  "<<",
  "=",
  "\u0000",
  "\u0085",
  "\u2028",
  "\ufeff",
  "\u007f",
  "\ufffe",
  "é",
  "👍",
  "100m",
  "128Mi",
  "1E",
  "https://a.example/b?c=d",
  "a, b",
];

const anyText = oneof(
  ...ODD.map((text) => constant(text)),
  string({ unit: "grapheme" }),
  string({ unit: "binary" }),
  string({ unit: oneof(...Array.from(" :#-,'\"ay1\n", (character) => constant(character))) }),
);

const { json } = letrec((tie) => ({
  json: oneof(
    { depthSize: "small" },
    anyText,
    integer(),
    double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    constant(null),
    constant(true),
    array(tie("json"), { maxLength: 4 }),
    dictionary(anyText, tie("json"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

describe("yamlOf()", () => {
  it("is read as what was written, by YAML 1.2 and by YAML 1.1", () => {
    assert(
      property(json, (value) => {
        const text = yamlOf(value);
        expect(text.endsWith("\n")).to.equal(true);
        expect(parse(text)).to.deep.equal(value);
        expect(parse(text, { version: "1.1" })).to.deep.equal(value);
      }),
      { numRuns: 2000 },
    );
  });

  for (const text of ODD) {
    it(`keeps the text ${JSON.stringify(text)}, alone, as a value, as an item and as a key`, () => {
      const value = { value: text, items: [text, [text]], [`k${text}`]: text };
      for (const version of ["1.1", "1.2"] as const) {
        expect(parse(yamlOf(value), { version })).to.deep.equal(value);
        expect(parse(yamlOf(text), { version })).to.equal(text);
      }
    });
  }

  it("quotes what needs it and nothing else", () => {
    const texts = ["yee", "hello world", "https://a.example/b", "100m", "128Mi", "a/b-c_d.e", "true", "1", "a: b", ""];
    const lines = texts.map((text) => yamlOf(text).trimEnd());
    expect(lines).to.deep.equal([
      "yee",
      "hello world",
      "https://a.example/b",
      "100m",
      "128Mi",
      "a/b-c_d.e",
      '"true"',
      '"1"',
      '"a: b"',
      '""',
    ]);
  });

  it("puts lists below their key, or further in, as the style says, and quotes as it says", () => {
    const style = { quoted: new Set(["image"]), indented: new Set(["secrets"]) };
    const value = { image: "a", list: [{ b: 1, c: [2] }, []], secrets: [{ name: "d" }], none: {}, absent: undefined };
    expect(yamlOf(value, style)).to.equal(`image: "a"
list:
- b: 1
  c:
  - 2
- []
secrets:
  - name: d
none: {}
`);
  });
});
