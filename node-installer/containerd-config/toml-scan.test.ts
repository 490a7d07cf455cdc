import { expect } from "chai";
import { describe, it } from "mocha";
import { scanToml } from "./toml-scan.ts";

function found(text: string): string[] {
  return scanToml(text).map(
    ({ kind, path, start, end, valueStart }) =>
      `${kind} ${path.join("|")}: ${text.slice(start, end)}${kind === "value" ? ` -> ${text.slice(valueStart, end)}` : ""}`,
  );
}

describe("scanToml()", () => {
  const cases: readonly (readonly [name: string, text: string, expected: readonly string[]])[] = [
    ["an empty text", "", []],
    ["comments and blank lines", "# a = 1\n\n  # [b]\n", []],
    ["a byte order mark", "\uFEFFa = 1", ["value a: a = 1 -> 1"]],
    ["a comment behind a value", "a = 1 # b", ["value a: a = 1 -> 1"]],
    [
      "a moment with a space in it",
      "a = 1979-05-27 07:32:00 # c\n",
      ["value a: a = 1979-05-27 07:32:00 -> 1979-05-27 07:32:00"],
    ],
    [
      "CRLF",
      "a = true\r\n[b]\r\nc = 'x'\r\n",
      ["value a: a = true -> true", "table b: [b]", "value b|c: c = 'x' -> 'x'"],
    ],
    [
      "spaces around keys",
      '[ a . "b.c" ]\nd . e = 1',
      ['table a|b.c: [ a . "b.c" ]', "value a|b.c|d|e: d . e = 1 -> 1"],
    ],
    [
      "keys in each kind of quotes",
      '\'a"\' = 1\n"b\\u0041" = 2',
      ["value a\": 'a\"' = 1 -> 1", 'value bA: "b\\u0041" = 2 -> 2'],
    ],
    ["a list of tables", "[[a.b]]\nc = 1", ["array-table a|b: [[a.b]]", "value a|b|c: c = 1 -> 1"]],
    [
      "brackets in strings",
      'a = ["]", \'}\', { b = "[" }] # ]\nc = 1',
      ['value a: a = ["]", \'}\', { b = "[" }] -> ["]", \'}\', { b = "[" }]', "value c: c = 1 -> 1"],
    ],
    [
      "a list over lines with comments",
      'a = [ # ]\n  1, # "\n]\nb = 2',
      ['value a: a = [ # ]\n  1, # "\n] -> [ # ]\n  1, # "\n]', "value b: b = 2 -> 2"],
    ],
    [
      "a text over lines that looks like a table",
      'a = """\n[b]\nc = 1\n"""\nd = 1',
      ['value a: a = """\n[b]\nc = 1\n""" -> """\n[b]\nc = 1\n"""', "value d: d = 1 -> 1"],
    ],
    [
      "quotes at the end of a long text",
      "a = \"\"\"x\"\"\"\"\"\nb = '''y'''''",
      ['value a: a = """x""""" -> """x"""""', "value b: b = '''y''''' -> '''y'''''"],
    ],
    ["an escaped quote", 'a = "\\"#" # "', ['value a: a = "\\"#" -> "\\"#"']],
    ["an empty string", "a = \"\"\nb = ''", ['value a: a = "" -> ""', "value b: b = '' -> ''"]],
  ];
  for (const [name, text, expected] of cases) {
    it(`finds the statements around ${name}`, () => {
      expect(found(text)).to.deep.equal(expected);
    });
  }
});
