import { expect } from "chai";
import type { TypeText } from "../testing/component-builder.ts";
import { resolveText } from "../testing/resolve-text.ts";
import { Signatures } from "./signature.ts";
import { TypePool } from "./type-pool.ts";
import type { FuncType, ResourceOrigin } from "./wit-type.ts";

const pool = new TypePool();

function func(param: TypeText, name = "p"): FuncType {
  return { params: [{ name, type: resolveText(param, pool) }], result: undefined };
}

function taking(origin: ResourceOrigin): FuncType {
  return {
    params: [{ name: "p", type: pool.value({ kind: "own", resource: pool.resource(origin) }) }],
    result: undefined,
  };
}

function signature({ origin }: { origin: ResourceOrigin }): string {
  return new Signatures().of(taking(origin));
}

const TYPES: readonly TypeText[] = [
  "u8",
  "string",
  { list: "u8" },
  { list: "string" },
  { option: "u8" },
  { tuple: ["u8"] },
  { tuple: ["u8", "u8"] },
  { record: { a: "u8" } },
  { record: { b: "u8" } },
  { variant: { a: "u8" } },
  { variant: { a: undefined } },
  { enum: ["a"] },
  { enum: ["a", "b"] },
  { flags: ["a"] },
  { result: {} },
  { result: { ok: "u8" } },
  { result: { err: "u8" } },
];

describe("Signatures", () => {
  it("tells types apart", () => {
    const texts = TYPES.map((type) => new Signatures().of(func(type)));
    expect(new Set(texts).size).to.equal(TYPES.length);
  });

  it("says the same of the same type, whatever its parameters are called", () => {
    for (const type of TYPES) {
      expect(new Signatures().of(func(type))).to.equal(new Signatures().of(func(type, "other")));
    }
  });

  it("tells resources apart by interface and name, not by version", () => {
    const first = signature({ origin: { kind: "host", interface: "a:b/c@0.2.0", name: "r" } });
    expect(signature({ origin: { kind: "host", interface: "a:b/c@0.2.9", name: "r" } })).to.equal(first);
    expect(signature({ origin: { kind: "host", interface: "a:b/d@0.2.0", name: "r" } })).to.not.equal(first);
    expect(signature({ origin: { kind: "host", interface: "a:b/c@0.2.0", name: "s" } })).to.not.equal(first);
    expect(signature({ origin: { kind: "guest", owner: 0, destructor: undefined } })).to.not.equal(first);
  });
});
