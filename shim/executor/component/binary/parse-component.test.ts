import { expect } from "chai";
import { ByteWriter } from "../core/byte-writer.ts";
import { ComponentError } from "../errors.ts";
import { ComponentBuilder, SECTION } from "../testing/component-builder.ts";
import { buildModule } from "../testing/module-builder.ts";
import { parseComponent } from "./parse-component.ts";

function one(section: number, ...bytes: readonly number[]): Uint8Array {
  return new ComponentBuilder().section(section, new ByteWriter().u8(...bytes)).finish();
}

function named(name: string, ...after: readonly number[]): number[] {
  return [1, 0, ...new ByteWriter().name(name).finish(), ...after];
}

function errorOf(bytes: Uint8Array): string {
  try {
    parseComponent(bytes);
  } catch (error) {
    if (error instanceof ComponentError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "parsed";
}

function nested(depth: number): Uint8Array {
  let bytes = new ComponentBuilder().finish();
  for (let level = 0; level < depth; level += 1) {
    bytes = new ComponentBuilder().section(SECTION.component, new ByteWriter().bytes(bytes)).finish();
  }
  return bytes;
}

function nestedType(depth: number): number[] {
  return depth === 0 ? [0x42, 0] : [0x42, 1, 1, ...nestedType(depth - 1)];
}

describe("parseComponent()", () => {
  it("reads a component with nothing in it", () => {
    const { root, modules } = parseComponent(new ComponentBuilder().finish());
    expect([root.definitions, modules]).to.deep.equal([[], []]);
  });

  it("says where each core module stands", () => {
    const module = buildModule({ memory: { min: 1 } });
    const bytes = new ComponentBuilder().module(module).module(module).finish();
    const { modules } = parseComponent(bytes);
    expect(modules.map(({ start, end }) => Buffer.from(bytes.subarray(start, end)))).to.deep.equal([module, module]);
  });

  it("reads custom sections over", () => {
    expect(errorOf(one(0, 1, 0x61, 9, 9, 9))).to.equal("parsed");
  });

  it("reads every kind of name", () => {
    const names = [
      "a",
      "a-b2",
      "HTTP-x",
      "wasi:io/streams@0.2.0",
      "a:b/c",
      "[constructor]a",
      "[method]a.b-c",
      "[static]a.b",
    ];
    for (const name of names) expect(errorOf(one(SECTION.import, ...named(name, 1, 0))), name).to.equal("parsed");
  });

  const cases: readonly (readonly [what: string, bytes: Uint8Array, message: string | RegExp])[] = [
    ["nothing", new Uint8Array(), /MALFORMED: .*offset 0x0: it ends too early/],
    ["text", Buffer.from("hello world"), /MALFORMED: .*it begins with 68 65/],
    ["a core module", buildModule({}), /INVALID: .*it is a core module/],
    ["a section beyond the end", one(SECTION.type).with(9, 5), /MALFORMED: .*5 bytes are announced, 0 are left/],
    ["an unknown section", one(13), /MALFORMED: .*13 is no section/],
    ["a start section", one(9, 0), /UNSUPPORTED: .*start functions/],
    ["bytes after the last definition", one(SECTION.type, 1, 0x7f, 0x7f), /MALFORMED: .*1 bytes too many/],
    ["more definitions than bytes", one(SECTION.type, 0x7f), /MALFORMED: .*127 definitions are announced/],
    ["far too many definitions", one(SECTION.type, 0xff, 0xff, 0xff, 0x7f), /LIMIT: .*definitions, more than/],
    [
      "a number of more than 32 bits",
      one(SECTION.type, 0xff, 0xff, 0xff, 0xff, 0x1f),
      /MALFORMED: .*larger than 32 bits/,
    ],
    ["a name that is not UTF-8", one(SECTION.import, 1, 0, 1, 0xff, 1, 0), /MALFORMED: .*not UTF-8/],
    ["a name that is too long", one(SECTION.import, 1, 0, 0xff, 0xff, 0x03), /LIMIT: .*a name has 65535 bytes/],
    ["a name that is none", one(SECTION.import, ...named("no good", 1, 0)), /INVALID: .*"no good" is not the name/],
    ["a name with attributes", one(SECTION.import, 1, 2), /UNSUPPORTED: .*attributes/],
    ["a name of unknown form", one(SECTION.import, 1, 7), /MALFORMED: .*unknown form 7/],
    ["an async name", one(SECTION.import, ...named("[async]a", 1, 0)), /UNSUPPORTED: .*async/],
    [
      "the same import twice",
      one(SECTION.import, 2, ...named("a", 1, 0).slice(1), ...named("A", 1, 0).slice(1)),
      /INVALID: .*import "A" is there twice/,
    ],
    [
      "imports that differ by a hyphen",
      one(SECTION.import, 2, ...named("a-b", 1, 0).slice(1), ...named("ab", 1, 0).slice(1)),
      /INVALID: .*import "ab" is there twice/,
    ],
    [
      "a method with the name of its resource",
      one(SECTION.import, 2, ...named("a", 1, 0).slice(1), ...named("[method]a.a", 1, 0).slice(1)),
      /INVALID: .*import "\[method\]a\.a" is there twice/,
    ],
    ["an accessor", one(SECTION.import, ...named("[get]a", 1, 0)), /UNSUPPORTED: .*accessor/],
    ["a nested name", one(SECTION.import, ...named("a:b:c/d", 1, 0)), /UNSUPPORTED: .*nested name/],
    ["a name by its address", one(SECTION.import, ...named("url=<x>", 1, 0)), /INVALID: .*is not the name/],
    ["an empty record", one(SECTION.type, 1, 0x72, 0), /INVALID: .*no field/],
    ["an empty variant", one(SECTION.type, 1, 0x71, 0), /INVALID: .*no case/],
    ["an empty tuple", one(SECTION.type, 1, 0x6f, 0), /INVALID: .*no element/],
    ["an empty enum", one(SECTION.type, 1, 0x6d, 0), /INVALID: .*no case/],
    [
      "a field twice",
      one(SECTION.type, 1, 0x72, 2, 1, 0x61, 0x7f, 1, 0x61, 0x7f),
      /INVALID: .*field "a" is there twice/,
    ],
    ["a label in another case", one(SECTION.type, 1, 0x6d, 1, 3, 0x61, 0x5f, 0x62), /INVALID: .*kebab-case/],
    ["too many flags", one(SECTION.type, 1, 0x6e, 33), /LIMIT: .*33 flags, more than 32/],
    ["a case that refines", one(SECTION.type, 1, 0x71, 1, 1, 0x61, 0, 1), /UNSUPPORTED: .*refines/],
    ["a stream", one(SECTION.type, 1, 0x66, 0), /UNSUPPORTED: .*stream types/],
    ["a list of fixed length", one(SECTION.type, 1, 0x67, 0x7f, 4), /UNSUPPORTED: .*fixed length/],
    ["an error-context within a type", one(SECTION.type, 1, 0x70, 0x64), /UNSUPPORTED: .*error-context/],
    ["a value type that is none", one(SECTION.type, 1, 0x70, 0x50), /MALFORMED: .*0x50 is no value type/],
    ["a type that is none", one(SECTION.type, 1, 0x01), /MALFORMED: .*0x1 begins no type/],
    ["named results", one(SECTION.type, 1, 0x40, 0, 1, 1, 1, 0x61, 0x7f), /UNSUPPORTED: .*named results/],
    ["results of unknown form", one(SECTION.type, 1, 0x40, 0, 2), /MALFORMED: .*unknown form 2/],
    ["an optional that is neither", one(SECTION.type, 1, 0x6a, 2), /MALFORMED: .*0 or 1/],
    ["a resource that is no i32", one(SECTION.type, 1, 0x3f, 0x7e), /UNSUPPORTED: .*not represented by an i32/],
    ["a resource of unknown form", one(SECTION.type, 1, 0x3f, 0x7f, 2), /MALFORMED: .*0 or 1/],
    ["an instance type with an import", one(SECTION.type, 1, 0x42, 1, 3), /MALFORMED: .*unknown kind 3/],
    ["types nested too deep", one(SECTION.type, 1, ...nestedType(30)), /LIMIT: .*types are nested more than/],
    ["components nested too deep", nested(30), /LIMIT: .*components are nested more than/],
    ["a value", one(SECTION.alias, 1, 2), /UNSUPPORTED: .*component values/],
    ["a sort that is none", one(SECTION.alias, 1, 9), /MALFORMED: .*0x9 is no sort/],
    ["a tag", one(SECTION.alias, 1, 0, 4), /UNSUPPORTED: .*exception tags/],
    ["a core sort that is none", one(SECTION.alias, 1, 0, 9), /MALFORMED: .*0x9 is no core sort/],
    ["an alias of unknown kind", one(SECTION.alias, 1, 1, 3), /MALFORMED: .*an alias is of unknown kind/],
    [
      "a component function of a core instance",
      one(SECTION.alias, 1, 1, 1, 0),
      /INVALID: .*a core instance exports no func/,
    ],
    ["a core function as an import", one(SECTION.import, ...named("a", 0, 0, 0)), /INVALID: .*cannot be imported/],
    ["a bound of unknown kind", one(SECTION.import, ...named("a", 3, 2)), /MALFORMED: .*bound of a type/],
    ["an async canonical function", one(SECTION.canon, 1, 0x1f), /UNSUPPORTED: .*"waitable-set.new"/],
    ["a canonical function that is none", one(SECTION.canon, 1, 0x77), /MALFORMED: .*0x77 is no canonical function/],
    ["a lifted item that is no function", one(SECTION.canon, 1, 0, 1), /MALFORMED: .*not a function/],
    ["an async option", one(SECTION.canon, 1, 0, 0, 0, 1, 6), /UNSUPPORTED: .*option "async"/],
    ["an option that is none", one(SECTION.canon, 1, 0, 0, 0, 1, 0x66), /MALFORMED: .*no canonical option/],
    ["two encodings", one(SECTION.canon, 1, 0, 0, 0, 2, 0, 1), /INVALID: .*there twice/],
    ["post-return at a lowered function", one(SECTION.canon, 1, 1, 0, 0, 1, 5, 0), /INVALID: .*post-return/],
    [
      "a core instance of unknown kind",
      one(SECTION.coreInstance, 1, 2),
      /MALFORMED: .*a core instance is of unknown kind/,
    ],
    ["an argument that is no instance", one(SECTION.coreInstance, 1, 0, 0, 1, 0, 0x10), /INVALID: .*not an instance/],
    [
      "an argument twice",
      one(SECTION.coreInstance, 1, 0, 0, 2, 0, 0x12, 0, 0, 0x12, 0),
      /INVALID: .*argument is there twice/,
    ],
    ["an instance of unknown kind", one(SECTION.instance, 1, 2), /MALFORMED: .*an instance is of unknown kind/],
    ["an export of unknown form", one(SECTION.export, ...named("a", 1, 0, 2)), /MALFORMED: .*0 or 1/],
    ["a GC type", one(SECTION.coreType, 1, 0x5f), /UNSUPPORTED: .*core type 0x5f/],
    [
      "a module type with an unknown declaration",
      one(SECTION.coreType, 1, 0x50, 1, 9),
      /UNSUPPORTED: .*declaration of a module/,
    ],
  ];
  for (const [what, bytes, message] of cases) {
    it(`refuses ${what}`, () => {
      expect(errorOf(bytes)).to.match(new RegExp(message));
    });
  }

  it("reads module types", () => {
    const bytes = one(
      SECTION.coreType,
      2,
      0x60,
      1,
      0x7f,
      0,
      0x50,
      4,
      1,
      0x60,
      0,
      0,
      2,
      0x10,
      1,
      1,
      0,
      0,
      1,
      0x61,
      1,
      0x62,
      0,
      0,
      3,
      1,
      0x63,
      2,
      0,
      1,
    );
    expect(errorOf(bytes)).to.equal("parsed");
  });
});
