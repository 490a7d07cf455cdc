import { expect } from "chai";
import { ByteWriter } from "../core/byte-writer.ts";
import { ComponentBuilder, SECTION } from "../testing/component-builder.ts";
import { prepare } from "./prepare.ts";

const MODULE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const TYPES = 1;
const TABLES = 4;
const GLOBALS = 6;
const TAGS = 13;
const I32 = 0x7f;
const V128 = 0x7b;
const EXNREF = 0x69;
const EXTERNREF = 0x6f;
const FUNCREF = 0x70;
/** -23 in two bytes instead of one. */
const LONG_EXN = [0xe9, 0x7f];

type Section = readonly [id: number, ...bytes: readonly number[]];

function component(sections: readonly Section[]): Uint8Array {
  const module = new ByteWriter().u8(...MODULE);
  for (const [id, ...bytes] of sections) module.section(id, new ByteWriter().u8(...bytes));
  return new ComponentBuilder().section(SECTION.coreModule, module).finish();
}

/** A function type, and a tag of it. */
function tag(...params: readonly number[]): Section[] {
  return [
    [TYPES, 1, 0x60, params.length, ...params, 0],
    [TAGS, 1, 0, 0],
  ];
}

/** A table of ten elements. */
function table(...element: readonly number[]): Section[] {
  return [[TABLES, 1, ...element, 0, 10]];
}

/** A variable that holds null at the begin. */
function variable(type: readonly number[], heapType: readonly number[] = type): Section[] {
  return [[GLOBALS, 1, ...type, 1, 0xd0, ...heapType, 0x0b]];
}

function refusal(sections: readonly Section[]): string {
  try {
    prepare(component(sections));
  } catch (error) {
    const { code, cause } = error as Error & { readonly code?: string };
    return `${String(code)}: ${String(cause)}`;
  }
  return "none";
}

describe("prepare(), of modules that could fill the heap", () => {
  const cases: readonly (readonly [what: string, sections: readonly Section[], refusal: RegExp])[] = [
    ["a struct", [[TYPES, 1, 0x5f, 1, I32, 1]], /^UNSUPPORTED: .*structs and arrays/],
    ["an array", [[TYPES, 1, 0x5e, 0x78, 1]], /^UNSUPPORTED: .*structs and arrays/],
    ["a struct within a group", [[TYPES, 1, 0x4e, 1, 0x50, 0, 0x5f, 0]], /^UNSUPPORTED: .*structs and arrays/],
    ["an exception that carries an exception", tag(EXNREF), /^UNSUPPORTED: .*that carry references/],
    ["an exception that carries any reference", tag(I32, FUNCREF), /^UNSUPPORTED: .*that carry references/],
    ["a large exception", tag(...Array.from({ length: 9 }, () => V128)), /^LIMIT: .*9 values, more than 8/],
    ["a table of exceptions", table(EXNREF), /^UNSUPPORTED: .*tables of exceptions/],
    ["the same in more bytes", table(0x63, ...LONG_EXN), /^UNSUPPORTED: .*tables of exceptions/],
    ["a variable with an exception", variable([EXNREF]), /^UNSUPPORTED: .*variables that hold/],
    ["the same in more bytes", variable([0x63, ...LONG_EXN], [EXNREF]), /^UNSUPPORTED: .*variables that hold/],
  ];
  for (const [what, sections, expected] of cases) {
    it(`refuses ${what}`, () => {
      expect(refusal(sections)).to.match(expected);
    });
  }

  it("takes exceptions of a few numbers, and references to what the code does not make", () => {
    for (const sections of [
      tag(I32),
      tag(...Array.from({ length: 8 }, () => V128)),
      table(FUNCREF),
      table(EXTERNREF),
      variable([EXTERNREF]),
      [[TYPES, 1, 0x4e, 1, 0x50, 0, 0x60, 0, 0] as const],
    ]) {
      expect(refusal(sections)).to.equal("none");
    }
  });
});
