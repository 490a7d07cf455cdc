import { expect } from "chai";
import { describe, it } from "mocha";
import { parseTarget } from "./target.ts";

describe("parseTarget()", () => {
  const cases = [
    ["", { kind: "null" }],
    ["/run/fifo/1/stdout", { kind: "path", path: "/run/fifo/1/stdout" }],
    ["/with space/%41?x#y", { kind: "path", path: "/with space/%41?x#y" }],
    ["fifo:///run/a%20b", { kind: "path", path: "/run/a b" }],
    ["file:///var/log/a.log", { kind: "file", path: "/var/log/a.log" }],
    [
      "binary:///bin/log?id=a%20b&-v=&id=c",
      { kind: "program", path: "/bin/log", args: ["id", "a b", "-v", ""], needsByte: false },
    ],
    ["binary-v2:///bin/log", { kind: "program", path: "/bin/log", args: [], needsByte: true }],
  ] as const;
  for (const [value, expected] of cases) {
    it(`reads "${value}"`, () => {
      expect(parseTarget("stdout", value)).to.deep.equal(expected);
    });
  }

  const bad = [
    "relative/path",
    "npipe:////./pipe/x",
    "https://host/x",
    "file:relative",
    "file:///a%zz",
    "file:///a%00b",
    "fifo://host/path",
    "binary://",
    "/a\0b",
  ];
  for (const value of bad) {
    it(`refuses ${JSON.stringify(value)} and names it`, () => {
      expect(() => parseTarget("stderr", value))
        .to.throw(`Cannot use stderr "${value}"`)
        .with.property("code", "InvalidArgument");
    });
  }

  it("refuses what is too long, and does not repeat it whole", () => {
    expect(() => parseTarget("stdin", `/${"x".repeat(9000)}`)).to.throw(/^.{50,300}$/);
  });
});
