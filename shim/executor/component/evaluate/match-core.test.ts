import { expect } from "chai";
import type { CoreLimits } from "../binary/core-extern.ts";
import type { CoreExternType, CoreModuleInfo } from "../core/core-module.ts";
import { checkCoreExtern, checkModule, checkModuleNames } from "./match-core.ts";

function memory(min: number, more: Partial<CoreLimits> = {}): CoreExternType {
  return { kind: "memory", limits: { min, max: undefined, shared: false, is64: false, ...more } };
}

function table(element: string): CoreExternType {
  return { kind: "table", element, limits: { min: 1, max: 2, shared: false, is64: false } };
}

function global(type: string, mutable: boolean): CoreExternType {
  return { kind: "global", type, mutable };
}

const NOTHING: CoreExternType = { kind: "func", params: [], results: [] };
const FUNC = "6370";

function info(imports: readonly string[], exports: readonly string[]): CoreModuleInfo {
  return {
    imports: imports.map((name) => ({ module: "m", name, type: NOTHING })),
    exports: exports.map((name) => ({ name, type: NOTHING })),
  };
}

describe("checkCoreExtern()", () => {
  const fits: readonly (readonly [found: CoreExternType, expected: CoreExternType])[] = [
    [NOTHING, NOTHING],
    [memory(2), memory(1)],
    [memory(1, { max: 2 }), memory(1, { max: 3 })],
    [table(FUNC), table(FUNC)],
    [global("i32", true), global("i32", true)],
    [global("6470", false), global(FUNC, false)],
  ];
  const others: readonly (readonly [found: CoreExternType, expected: CoreExternType])[] = [
    [NOTHING, { kind: "func", params: ["i32"], results: [] }],
    [NOTHING, memory(1)],
    [memory(1), memory(2)],
    [memory(1), memory(1, { max: 3 })],
    [memory(1, { max: 4 }), memory(1, { max: 3 })],
    [memory(1, { is64: true }), memory(1)],
    [memory(1, { shared: true }), memory(1)],
    [table(FUNC), table("636f")],
    [global("i32", true), global("i32", false)],
    [global("i32", false), global("i64", false)],
    [global("6470", true), global(FUNC, true)],
    [{ kind: "tag" }, { kind: "tag" }],
  ];

  it("takes what fits", () => {
    for (const [found, expected] of fits) checkCoreExtern(found, expected, 0, "it");
  });

  for (const [found, expected] of others) {
    it(`refuses ${JSON.stringify(found)} for ${JSON.stringify(expected)}`, () => {
      expect(() => checkCoreExtern(found, expected, 1, "it")).to.throw("offset 0x1: it is a core");
    });
  }
});

describe("checkModule()", () => {
  it("takes a module that needs less and gives more", () => {
    checkModule(info(["a"], ["x", "y"]), info(["a", "b"], ["x"]), 0, "it");
  });

  it("refuses one that needs more or gives less", () => {
    expect(() => checkModule(info(["b"], []), info(["a"], []), 0, "it")).to.throw('imports "m" "b", which nobody');
    expect(() => checkModule(info([], []), info([], ["x"]), 0, "it")).to.throw('does not export "x"');
  });
});

describe("checkModuleNames()", () => {
  it("refuses a name that is there twice", () => {
    checkModuleNames(info(["a", "b"], ["a", "b"]), 0);
    expect(() => checkModuleNames(info(["a", "a"], []), 0)).to.throw("imports the same name twice");
    expect(() => checkModuleNames(info([], ["a", "a"]), 0)).to.throw("exports the same name twice");
  });
});
