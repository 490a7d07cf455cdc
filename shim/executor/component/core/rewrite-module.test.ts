import { expect } from "chai";
import { buildModule, type ModuleText } from "../testing/module-builder.ts";
import { parseCoreModule } from "./core-module.ts";
import { rewriteModule } from "./rewrite-module.ts";
import { wasm } from "./web-assembly.ts";

const MODULE: ModuleText = {
  types: [{ params: [], results: ["i32"] }],
  functions: [{ type: 0, code: [0x41, 1, 0x40, 0] }],
  memory: { min: 1 },
  globals: [7, 8],
  exports: [{ name: "grow", kind: "func", index: 0 }],
};

function rewrite(text: ModuleText, maxPages: number): ReturnType<typeof rewriteModule> {
  const bytes = buildModule(text);
  return rewriteModule(parseCoreModule(bytes), bytes, maxPages);
}

describe("rewriteModule()", () => {
  it("exports the module's memories and mutable globals beside its own exports", () => {
    const { bytes, memories, globals } = rewrite(MODULE, 4);
    const { exports } = new wasm.Instance(new wasm.Module(bytes), {});
    expect(Object.keys(exports)).to.deep.equal(["grow", ...memories, ...globals]);
    expect(globals.map((name) => exports[name])).to.have.nested.property("[1].value", 8);
  });

  it("bounds what a memory can grow to", () => {
    const { bytes } = rewrite(MODULE, 2);
    const grow = new wasm.Instance(new wasm.Module(bytes), {}).exports["grow"];
    if (typeof grow !== "function") throw new Error("There is no function");
    expect(Reflect.apply(grow, undefined, [])).to.equal(1);
    expect(Reflect.apply(grow, undefined, [])).to.equal(-1);
  });

  it("bounds what a table can grow to, and lets one that begins larger be", () => {
    const tableType = { kind: "table", element: "6370" } as const;
    const limits = { shared: false, is64: false };
    expect(parseCoreModule(rewrite({ table: 5 }, 4).bytes).tables).to.deep.equal([
      { ...tableType, limits: { ...limits, min: 5, max: 100_000 } },
    ]);
    expect(parseCoreModule(rewrite({ table: 300_000 }, 4).bytes).tables).to.deep.equal([
      { ...tableType, limits: { ...limits, min: 300_000, max: 300_000 } },
    ]);
  });

  it("keeps a bound that is lower", () => {
    const { bytes } = rewrite({ ...MODULE, memory: { min: 1, max: 3 } }, 100);
    expect(parseCoreModule(bytes).memories).to.deep.equal([{ min: 1, max: 3, shared: false, is64: false }]);
  });

  it("makes a section of exports where there was none, before the code or at the end", () => {
    const { exports: _none, ...rest } = MODULE;
    expect(parseCoreModule(rewrite(rest, 4).bytes).exports).to.have.length(3);
    expect(parseCoreModule(rewrite({ memory: { min: 1 } }, 4).bytes).exports).to.have.length(1);
  });

  it("leaves a module without state as it is", () => {
    const text = { types: MODULE.types ?? [], functions: [{ type: 0, code: [0x41, 1] }] };
    expect(Buffer.from(rewrite(text, 4).bytes).equals(buildModule(text))).to.equal(true);
  });

  it("refuses a memory that begins larger than allowed", () => {
    expect(() => rewrite({ memory: { min: 9 } }, 8)).to.throw("a memory begins with 9 pages, more than 8");
  });
});
