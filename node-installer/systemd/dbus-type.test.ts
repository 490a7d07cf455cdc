import { expect } from "chai";
import { describe, it } from "mocha";
import { alignmentOf, parseSignature } from "./dbus-type.ts";

const STRING = { kind: "basic", code: "s" };

describe("parseSignature()", () => {
  const good = [
    { signature: "", types: [] },
    { signature: "us", types: [{ kind: "basic", code: "u" }, STRING] },
    { signature: "v", types: [{ kind: "variant" }] },
    { signature: "aas", types: [{ kind: "array", item: { kind: "array", item: STRING } }] },
    {
      signature: "a{sv}",
      types: [{ kind: "array", item: { kind: "struct", fields: [STRING, { kind: "variant" }] } }],
    },
    { signature: "(s(s))", types: [{ kind: "struct", fields: [STRING, { kind: "struct", fields: [STRING] }] }] },
  ];
  for (const { signature, types } of good) {
    it(`reads "${signature}"`, () => {
      expect(parseSignature(signature)).to.deep.equal(types);
    });
  }

  const bad = [
    "a",
    "(",
    "()",
    "(s",
    "s)",
    "{sv}",
    "a{sv",
    "a{s}",
    "a{svv}",
    "a{vs}",
    "a{(s)s}",
    "z",
    "h",
    "m",
    "a)",
    "é",
  ];
  for (const signature of [...bad, `${"a".repeat(40)}s`, `${"(".repeat(40)}s${")".repeat(40)}`, "s".repeat(256)]) {
    it(`refuses "${signature.slice(0, 50)}"`, () => {
      expect(() => parseSignature(signature))
        .to.throw()
        .with.property("code", "PROTOCOL");
    });
  }
});

describe("alignmentOf()", () => {
  const table: readonly (readonly [string, number])[] = [
    ["y", 1],
    ["b", 4],
    ["n", 2],
    ["q", 2],
    ["i", 4],
    ["u", 4],
    ["x", 8],
    ["t", 8],
    ["d", 8],
    ["s", 4],
    ["o", 4],
    ["g", 1],
    ["v", 1],
    ["as", 4],
    ["at", 4],
    ["(y)", 8],
  ];
  for (const [signature, alignment] of table) {
    it(`is ${alignment} for "${signature}"`, () => {
      expect(parseSignature(signature).map(alignmentOf)).to.deep.equal([alignment]);
    });
  }
});
