import { expect } from "chai";
import type { StringEncoding } from "../binary/component-ast.ts";
import type { ExportedFunction, HostInterface, WitValue } from "../host-interface.ts";
import { link } from "../link/link.ts";
import { prepare } from "../prepare/prepare.ts";
import type { TypeText } from "../testing/component-builder.ts";
import { echoComponent } from "../testing/echo-component.ts";
import { resolveText } from "../testing/resolve-text.ts";
import { TypePool } from "../types/type-pool.ts";

const SHAPE: TypeText = {
  variant: { none: undefined, circle: "f32", rect: { tuple: ["f64", "f64"] }, text: "string", big: "u64", small: "s8" },
};
const MIXED: TypeText = {
  list: { result: { ok: { option: { enum: ["a", "b"] } }, err: { tuple: ["f32", { flags: ["x-y", "z"] }] } } },
};
const MANY_FLAGS = Array.from({ length: 32 }, (_, index) => `f${index}`);
const MANY_CASES = Array.from({ length: 300 }, (_, index) => `c${index}`);

const CASES: readonly (readonly [type: TypeText, ...values: WitValue[]])[] = [
  ["bool", true, false],
  ["u8", 0, 255],
  ["s8", -128, 127],
  ["u16", 0, 65_535],
  ["s16", -32_768, 32_767],
  ["u32", 0, 2 ** 32 - 1],
  ["s32", -(2 ** 31), 2 ** 31 - 1],
  ["u64", 0n, 2n ** 64n - 1n],
  ["s64", -(2n ** 63n), 2n ** 63n - 1n],
  ["f32", 0, -0, 1.5, NaN, -Infinity],
  ["f64", 0, -0, 5e-324, NaN],
  ["char", "a", "\u{10ffff}"],
  ["string", "", "short", "zażółć", "\u{1f600}", "x".repeat(40), "ÿ".repeat(40)],
  [{ list: "u8" }, new Uint8Array(), Uint8Array.of(1, 2, 3)],
  [{ list: "s16" }, [], [-1, 0, 1]],
  [{ list: "string" }, [], ["", "a", "ł"]],
  [{ list: { list: { tuple: ["u8", "u64"] } } }, [[[1, 2n]], []]],
  [
    { record: { a: "u8", "long-name": "string", c: { option: "u64" } } },
    { a: 1, longName: "x", c: undefined },
    { a: 2, longName: "", c: 3n },
  ],
  [{ list: { record: { a: "u8", b: "f64", c: "char" } } }, [{ a: 1, b: 2.5, c: "z" }]],
  [
    SHAPE,
    { tag: "none" },
    { tag: "circle", val: 1.5 },
    { tag: "rect", val: [1, -2] },
    { tag: "text", val: "t" },
    { tag: "big", val: 7n },
    { tag: "small", val: -1 },
  ],
  [{ list: SHAPE }, [{ tag: "none" }, { tag: "rect", val: [0.5, 1] }, { tag: "text", val: "t" }]],
  [{ enum: ["red", "dark-green"] }, "red", "dark-green"],
  [{ enum: MANY_CASES }, "c0", "c299"],
  [{ list: { enum: MANY_CASES } }, ["c0", "c299"]],
  [{ flags: ["read", "write-all"] }, { read: true, writeAll: false }],
  [
    { list: { flags: MANY_FLAGS.slice(0, 9) } },
    [Object.fromEntries(MANY_FLAGS.slice(0, 9).map((name) => [name, name === "f8"]))],
  ],
  [{ flags: MANY_FLAGS }, Object.fromEntries(MANY_FLAGS.map((name) => [name, name === "f0" || name === "f31"]))],
  [{ option: "u32" }, undefined, 0],
  [{ option: { option: "string" } }, { tag: "none" }, { tag: "some", val: undefined }, { tag: "some", val: "x" }],
  [{ result: { ok: "string", err: "u64" } }, { tag: "ok", val: "fine" }, { tag: "err", val: 5n }],
  [{ result: { ok: "f32", err: "u32" } }, { tag: "ok", val: 1.5 }, { tag: "err", val: 7 }],
  [{ result: { ok: "f64", err: "f32" } }, { tag: "ok", val: 1.5 }, { tag: "err", val: 0.5 }],
  [{ result: {} }, { tag: "ok" }, { tag: "err" }],
  [{ tuple: ["bool", "string", "s64"] }, [true, "t", -1n]],
  [
    MIXED,
    [],
    [
      { tag: "ok", val: "b" },
      { tag: "ok", val: undefined },
      { tag: "err", val: [1, { xY: true, z: false }] },
    ],
  ],
];

function echo(
  params: readonly TypeText[],
  result: TypeText,
  encoding: StringEncoding,
  host: HostInterface<undefined>["functions"][string],
): ExportedFunction {
  const pool = new TypePool();
  const type = {
    params: params.map((param, index) => ({ name: `p${index}`, type: resolveText(param, pool) })),
    result: resolveText(result, pool),
  };
  const component = echoComponent(params, result, type, encoding);
  const interfaces = [{ name: "", version: undefined, functions: { echo: host }, resources: {} }];
  const func = link(prepare(component), interfaces).instantiate(undefined).func("", "run");
  if (func === undefined) throw new Error("There is no export");
  return func;
}

function passBack(_state: undefined, value: WitValue): WitValue {
  return value instanceof Uint8Array ? value.slice() : value;
}

describe("values between host and guest", () => {
  for (const [type, ...values] of CASES) {
    for (const encoding of ["utf8", "utf16", "latin1+utf16"] as const) {
      if (encoding !== "utf8" && !JSON.stringify(type).includes("string")) continue;
      it(`come back as they were: ${JSON.stringify(type).slice(0, 60)} in ${encoding}`, () => {
        const run = echo([type], type, encoding, { call: passBack });
        for (const value of values) expect(run.call(value)).to.deep.equal(value);
      });
    }
  }

  it("come back as they were when the host answers later", async () => {
    const run = echo(["string"], "string", "utf8", {
      call: async (_state, value) => Promise.resolve(value),
      blocking: true,
    });
    expect(await Promise.resolve(run.call("later"))).to.equal("later");
    expect(await Promise.resolve(run.call("again"))).to.equal("again");
  });

  for (const count of [0, 1, 2, 3, 4, 5, 16, 17]) {
    it(`pass ${count} parameters`, () => {
      const params = Array.from({ length: count }, (): TypeText => "u32");
      const seen: WitValue[][] = [];
      const run = echo(params, "u32", "utf8", {
        call: (_state, ...args) => {
          seen.push([...args]);
          return args.length;
        },
      });
      const given = params.map((_, index) => index);
      expect(run.call(...given)).to.equal(count);
      expect(seen).to.deep.equal([given]);
    });
  }

  const wrong: readonly (readonly [type: TypeText, value: WitValue, message: string])[] = [
    ["u32", "text", "a number: got string"],
    ["u64", 1, "a bigint is needed"],
    ["string", 1, "a string: got number"],
    ["char", "ab", "no string of one character"],
    ["char", "\ud800", "surrogate"],
    [{ list: "u8" }, [1], "no Uint8Array"],
    [{ list: "u16" }, 1, "not an array"],
    [{ tuple: ["u8", "u8"] }, [1], "no array of 2 elements"],
    [{ record: { a: "u8" } }, 1, "a record: got number"],
    [{ enum: ["a"] }, "b", 'the case "b"'],
    [SHAPE, { tag: "round" }, 'the case "round"'],
  ];
  for (const [type, value, message] of wrong) {
    it(`are refused when the host gives ${JSON.stringify(value)} as ${JSON.stringify(type).slice(0, 40)}`, () => {
      const run = echo([], type, "utf8", { call: () => value });
      expect(() => void run.call()).to.throw(TypeError, message);
    });
  }

  it("are refused when the host gives a promise without saying that it blocks", () => {
    const run = echo([], "u32", "utf8", { call: async () => Promise.resolve(1) });
    expect(() => void run.call()).to.throw("not marked as blocking");
  });
});
