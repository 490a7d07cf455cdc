import { expect } from "chai";
import { buildModule } from "../testing/module-builder.ts";
import { parseCoreModule } from "./core-module.ts";
import { resetObstacle } from "./reset-verdict.ts";

const NOTHING = { params: [], results: [] };

function verdict(code: readonly number[]): string | undefined {
  const bytes = buildModule({
    types: [NOTHING],
    functions: [{ type: 0, code }],
    table: 2,
    memory: { min: 1 },
    globals: [0],
  });
  return resetObstacle(parseCoreModule(bytes), bytes);
}

describe("resetObstacle()", () => {
  const harmless: readonly (readonly [what: string, code: readonly number[]])[] = [
    ["nothing", []],
    ["blocks, branches and a jump table", [0x02, 0x40, 0x03, 0x40, 0x0c, 0, 0x0b, 0x41, 0, 0x0e, 1, 0, 0, 0x0b]],
    ["loads and stores", [0x41, 0, 0x41, 0, 0x28, 2, 0x80, 1, 0x36, 2, 0]],
    ["constants that look like opcodes", [0x41, 0x26, 0x1a, 0x44, 0xfc, 0x0d, 0x26, 0, 0, 0, 0, 0, 0x1a]],
    ["calls", [0x10, 0, 0x41, 0, 0x11, 0, 0]],
    ["globals", [0x23, 0, 0x24, 0]],
    ["memory.size and memory.grow", [0x3f, 0, 0x40, 0, 0x1a]],
    ["memory.fill, memory.copy and memory.init", [0xfc, 0x0b, 0, 0xfc, 0x0a, 0, 0, 0xfc, 0x08, 0, 0]],
    ["conversions that saturate", [0xfc, 0x00]],
    [
      "SIMD",
      [0xfd, 0x0c, ...Array.from({ length: 16 }, () => 0x26), 0xfd, 0x15, 3, 0xfd, 0x54, 0, 0, 1, 0xfd, 0xae, 1],
    ],
    ["a select with types and references", [0x1c, 1, 0x7f, 0xd0, 0x70, 0xd1, 0xd2, 0]],
    ["exceptions", [0x1f, 0x40, 1, 0, 0, 0, 0x0b]],
    ["atomics", [0xfe, 0x03, 0, 0xfe, 0x10, 2, 0]],
    ["a block of a reference type", [0x02, 0x63, 0x70, 0x0b]],
    ["table.get and table.size", [0x25, 0, 0xfc, 0x10, 0]],
  ];
  for (const [what, code] of harmless) {
    it(`allows a reset with ${what}`, () => {
      expect(verdict(code)).to.equal(undefined);
    });
  }

  const lasting: readonly (readonly [name: string, code: readonly number[]])[] = [
    ["table.set", [0x26, 0]],
    ["data.drop", [0xfc, 0x09, 0]],
    ["table.init", [0xfc, 0x0c, 0, 0]],
    ["elem.drop", [0xfc, 0x0d, 0]],
    ["table.copy", [0xfc, 0x0e, 0, 0]],
    ["table.grow", [0xfc, 0x0f, 0]],
    ["table.fill", [0xfc, 0x11, 0]],
  ];
  for (const [name, code] of lasting) {
    it(`refuses a reset with ${name}, wherever it stands`, () => {
      expect(verdict([0x41, 0, 0x1a, ...code])).to.equal(`the instruction ${name} is used`);
    });
  }

  it("refuses a reset with an instruction that it does not know", () => {
    expect(verdict([0xfb, 31])).to.match(/offset 0x.* is not known/);
    expect(verdict([0xc7])).to.match(/is not known/);
  });

  it("refuses a reset with objects, which outlive it", () => {
    expect(verdict([0xfb, 0x00, 0])).to.equal("objects are used that are collected as garbage");
  });

  it("refuses a reset with a global variable that is no number", () => {
    const bytes = buildModule({ globals: [0] });
    const module = parseCoreModule(bytes);
    const odd = { ...module, globals: [{ type: "6f", mutable: true }] };
    expect(resetObstacle(odd, bytes)).to.equal("a global variable is of type 6f");
    expect(resetObstacle({ ...odd, globals: [{ type: "6f", mutable: false }] }, bytes)).to.equal(undefined);
  });

  it("refuses a reset with a memory that is shared", () => {
    const bytes = buildModule({ memory: { min: 1 } });
    const module = parseCoreModule(bytes);
    const memories = [{ min: 1, max: 1, shared: true, is64: false }];
    expect(resetObstacle({ ...module, memories }, bytes)).to.equal("a memory is shared or 64-bit");
  });
});
