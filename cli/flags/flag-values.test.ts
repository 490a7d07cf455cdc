import { expect } from "chai";
import { describe, it } from "mocha";
import { FlagValues } from "./flag-values.ts";
import type { FlagTable } from "./flag.ts";
import { readFlags } from "./read-flags.ts";

const TABLE: FlagTable = {
  from: { kind: "text", short: "f", isRequired: true, help: "" },
  count: { kind: "integer", short: "r", default: "2", help: "" },
  yes: { kind: "switch", short: "y", help: "" },
  all: { kind: "switch", short: "A", help: "" },
  item: { kind: "list", help: "" },
  pair: { kind: "pairs", short: "v", help: "" },
  time: { kind: "duration", default: "30s", help: "" },
  form: { kind: "text", default: "table", choices: ["table", "yaml"], help: "" },
};

function valuesOf(...args: readonly string[]): FlagValues {
  return new FlagValues(TABLE, readFlags(args, TABLE));
}

describe("readFlags() and FlagValues", () => {
  const reads: readonly [args: readonly string[], read: (values: FlagValues) => unknown, value: unknown][] = [
    [["--from", "a"], (values) => values.text("from"), "a"],
    [["--from=a"], (values) => values.text("from"), "a"],
    [["-f", "a"], (values) => values.text("from"), "a"],
    [["-fa"], (values) => values.text("from"), "a"],
    [["-f=a"], (values) => values.text("from"), "a"],
    [["--from==a"], (values) => values.text("from"), "=a"],
    [["--from", "a", "--from", "b"], (values) => values.text("from"), "b"],
    [["--from="], (values) => values.optional("from"), undefined],
    [["-f", "--yes"], (values) => [values.text("from"), values.isOn("yes")], ["--yes", false]],
    [["-r", "-1"], (values) => values.integer("count"), -1],
    [["-r-1"], (values) => values.integer("count"), -1],
    [[], (values) => values.integer("count"), 2],
    [["-yA"], (values) => [values.isOn("yes"), values.isOn("all")], [true, true]],
    [["--yes=false"], (values) => values.isOn("yes"), false],
    [["--yes=true"], (values) => values.isOn("yes"), true],
    [["one", "-y", "--", "-f"], (values) => values.positionals, ["one", "-f"]],
    [["--item", "a,b", "--item=c"], (values) => values.list("item"), ["a", "b", "c"]],
    [["--item", '"a,b",c'], (values) => values.list("item"), ["a,b", "c"]],
    [["--item="], (values) => values.list("item"), []],
    [[], (values) => values.list("item"), []],
    [["-v", "b=2,a=1", "-v", "c=3"], (values) => values.pairs("pair"), pairs("a=1", "b=2", "c=3")],
    [["-v", "a=1,2"], (values) => values.pairs("pair"), pairs("a=1,2")],
    [["-v", 'a=x"y'], (values) => values.pairs("pair"), pairs('a=x"y')],
    [["-v", '"a=1,2",b=3'], (values) => values.pairs("pair"), pairs("a=1,2", "b=3")],
    [["-v", "a=x=y"], (values) => values.pairs("pair"), pairs("a=x=y")],
    [["-v", "a=1", "-v", "a=2"], (values) => values.pairs("pair"), pairs("a=2")],
    [["-v", "a="], (values) => values.pairs("pair"), pairs("a=")],
    [["--time", "1m30s"], (values) => values.durationMs("time"), 90_000],
    [["--time", "5"], (values) => values.durationMs("time"), 5000],
    [["--time", "1000h"], (values) => values.durationMs("time"), 3_600_000_000],
    [["--time", "1000h"], (values) => values.timeoutMs("time"), 2_147_483_647],
    [["--time", "5s"], (values) => values.timeoutMs("time"), 5000],
    [["--time", "0"], (values) => values.durationMs("time"), 0],
    [["--form", "yaml"], (values) => values.choice("form"), "yaml"],
  ];
  for (const [args, read, value] of reads) {
    it(`read ${JSON.stringify(args)}`, () => expect(read(valuesOf(...args))).to.deep.equal(value));
  }

  const refusals: readonly [args: readonly string[], read: (values: FlagValues) => unknown, message: string][] = [
    [["--nope"], () => undefined, "unknown flag: --nope"],
    [["--constructor=x"], () => undefined, "unknown flag: --constructor"],
    [["--__proto__"], () => undefined, "unknown flag: --__proto__"],
    [["-x"], () => undefined, "unknown shorthand flag: 'x' in -x"],
    [["-yx"], () => undefined, "unknown shorthand flag: 'x' in -yx"],
    [["--from"], () => undefined, "flag needs an argument: --from"],
    [["-f"], () => undefined, "flag needs an argument: 'f' in -f"],
    [["--yes=maybe"], () => undefined, 'invalid argument "maybe" for "--yes" flag: it must be true or false'],
    [[], (values) => values.checkRequired(), 'required flag(s) "from" not set'],
    [
      ["-r", "two"],
      (values) => values.integer("count"),
      'invalid argument "two" for "-r, --count" flag: it must be a whole number from -2147483648 to 2147483647',
    ],
    [
      ["-r", "2147483648"],
      (values) => values.integer("count"),
      'invalid argument "2147483648" for "-r, --count" flag: it must be a whole number from -2147483648 to 2147483647',
    ],
    [
      ["-v", "a"],
      (values) => values.pairs("pair"),
      'invalid argument "a" for "-v, --pair" flag: a must be formatted as key=value',
    ],
    [
      ["-v", "a=1,b=2,c"],
      (values) => values.pairs("pair"),
      'invalid argument "c" for "-v, --pair" flag: c must be formatted as key=value',
    ],
    [
      ["--item", 'a"b'],
      (values) => values.list("item"),
      'invalid argument "a\\"b" for "--item" flag: a double quote must be around a whole item, and doubled within: "a,""b"""',
    ],
    [
      ["--time", "soon"],
      (values) => values.durationMs("time"),
      'invalid argument "soon" for "--time" flag: it must be a time such as 30s or 1m30s',
    ],
    [
      ["--form", "xml"],
      (values) => values.choice("form"),
      'invalid argument "xml" for "--form" flag: it must be one of table, yaml',
    ],
  ];
  for (const [args, read, message] of refusals) {
    it(`refuse ${JSON.stringify(args)}: ${message}`, () => {
      expect(() => read(valuesOf(...args)))
        .to.throw(message)
        .with.property("code", "USAGE");
    });
  }
});

function pairs(...texts: readonly string[]): readonly (readonly string[])[] {
  return texts.map((text) => [text.slice(0, 1), text.slice(2)]);
}
