import { expect } from "chai";
import { describe, it } from "mocha";
import { quote, quoteAll } from "./quote.ts";
import { type Fields, Table } from "./table.ts";

describe("Table", () => {
  it("reads fields, and knows the rest", () => {
    const table = tableOf({ a: "x", b: true, c: 2, d: ["y"], e: { f: "z" }, g: null, h: "" });
    expect(table.text("a")).to.equal("x");
    expect(table.optionalFlag("b")).to.equal(true);
    expect(table.optionalCount("c")).to.equal(2);
    expect(table.texts("d")).to.deep.equal(["y"]);
    expect(table.textMap("e")).to.deep.equal({ f: "z" });
    expect(table.rest).to.deep.equal({ g: null, h: "" });
    expect(table.optionalText("g")).to.equal(undefined);
    expect(table.nonEmptyText("h")).to.equal(undefined);
    table.refuseOthers();
  });

  it("takes what is missing for empty where it may", () => {
    const table = tableOf({});
    expect(table.texts("a")).to.deep.equal([]);
    expect(table.textMap("a")).to.deep.equal({});
    expect(table.tables("a")).to.deep.equal([]);
    expect(table.namedTables("a")).to.deep.equal([]);
    expect(table.table("a")).to.equal(undefined);
    expect(table.section("a").names).to.deep.equal([]);
    expect(table.value("constructor")).to.equal(undefined);
  });

  it("says where a field is", () => {
    const inner = tableOf({ "a:b": [{ c: { d: 1 } }] })
      .tables("a:b")[0]
      ?.section("c");
    expect(() => inner?.text("d")).to.throw(`Cannot use "'a:b'[0].c.d" in a.toml: 1 is no text: write it in quotes`);
  });

  for (const [title, read, message] of [
    ["a text that is missing", (table: Table) => table.text("none"), '"none" in a.toml: it is missing: write it'],
    ["a long text", (table: Table) => table.text("long"), "it has 262145 characters, and the limit is 262144"],
    ["a long list", (table: Table) => table.texts("list"), "it has 65537 entries, and the limit is 65536"],
    ["a list that is none", (table: Table) => table.texts("nul"), "is no list: put it in [ ]"],
    ["a NUL character", (table: Table) => table.text("nul"), "NUL"],
    ["a table that is a date", (table: Table) => table.table("date"), '"2020-01-01T00:00:00.000Z" is no table'],
    ["a count that is none", (table: Table) => table.optionalCount("half"), "0.5 is no whole number above 0"],
    [
      "a field that nobody asked for",
      refuseAll,
      '"long" in a.toml: it is unknown here: take it out, or write one of "x"',
    ],
    ["a long name", () => tableOf({ ["x".repeat(513)]: 1 }), "its name has more than 512 characters"],
    [
      "many names",
      () => tableOf(Object.fromEntries([...Array(65_537).keys()].map((key) => [key, 1]))),
      "65537 entries",
    ],
  ] as const) {
    it(`refuses ${title}`, () => {
      const table = tableOf({
        long: "x".repeat(262_145),
        list: Array<string>(65_537).fill(""),
        nul: "a\0",
        date: new Date("2020-01-01"),
        half: 0.5,
      });
      expect(() => read(table))
        .to.throw(message)
        .with.property("code", "INVALID");
    });
  }
});

describe("quote()", () => {
  for (const [value, expected] of [
    ["a\nb", String.raw`"a\nb"`],
    [undefined, "nothing"],
    ["x".repeat(100), `"${"x".repeat(79)}…`],
  ] as const) {
    it(`quotes ${String(value).slice(0, 10)}`, () => {
      expect(quote(value)).to.equal(expected);
    });
  }
});

describe("quoteAll()", () => {
  for (const [values, expected] of [
    [[], "none"],
    [["a", "b"], '"a", "b"'],
    [Array<string>(21).fill("a"), `${Array<string>(20).fill('"a"').join(", ")}, …`],
  ] as const) {
    it(`quotes ${String(values.length)} values`, () => {
      expect(quoteAll(values)).to.equal(expected);
    });
  }
});

function tableOf(fields: Fields): Table {
  return new Table("a.toml", "", fields);
}

function refuseAll(table: Table): void {
  table.value("x");
  table.refuseOthers();
}
