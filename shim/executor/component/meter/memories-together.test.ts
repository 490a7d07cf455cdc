import { expect } from "chai";
import { describe, it } from "mocha";
import { ByteWriter } from "../core/byte-writer.ts";
import { ComponentError } from "../errors.ts";
import { link } from "../link/link.ts";
import { prepare } from "../prepare/prepare.ts";
import { ComponentBuilder, SECTION } from "../testing/component-builder.ts";
import { buildModule, type ModuleText } from "../testing/module-builder.ts";

/** (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))) */
const GROWS: ModuleText = {
  types: [{ params: ["i32"], results: ["i32"] }],
  functions: [{ type: 0, code: [0x20, 0, 0x40, 0] }],
  exports: [{ name: "grow", kind: "func", index: 0 }],
};
const WITH_MEMORY: ModuleText = {
  ...GROWS,
  memory: { min: 1 },
  exports: [...(GROWS.exports ?? []), { name: "memory", kind: "memory", index: 0 }],
};
const OWN = buildModule(WITH_MEMORY);
const OTHERS = buildModule({ ...GROWS, importedMemory: { module: "first", name: "memory" } });
const REFUSED = 0xffff_ffff;
const LIMIT = 10;

/** Exports `first` and `second`, which grow the memory of one instance each, and `third`, which grows that of the first. */
function twoMemories(own = OWN): Uint8Array {
  const builder = new ComponentBuilder();
  const type = builder.func(["u32"], "u32");
  builder.module(own).module(OTHERS);
  builder.define(SECTION.coreInstance, new ByteWriter().u8(0, 0, 0));
  builder.define(SECTION.coreInstance, new ByteWriter().u8(0, 0, 0));
  builder.define(SECTION.coreInstance, new ByteWriter().u8(0, 1, 1).name("first").u8(0x12, 0));
  for (const [index, name] of ["first", "second", "third"].entries()) {
    builder
      .define(SECTION.alias, new ByteWriter().u8(0, 0, 1, index).name("grow"))
      .define(SECTION.canon, new ByteWriter().u8(0, 0, index, 0).u32(type))
      .define(
        SECTION.export,
        new ByteWriter()
          .u8(0)
          .name(name)
          .u8(1, 2 * index, 0),
      ); // An export is a function too.
  }
  return builder.finish();
}

type Grow = (name: string, pages: number) => Promise<unknown>;

/** For each of so many instances what grows its memories. */
function growers(instances: number): Grow[] {
  const prepared = prepare(twoMemories(), { meter: "with-meter", maxMemoryPages: LIMIT });
  const linked = link(prepared, [], { refuel: () => 1000 });
  return Array.from({ length: instances }, () => {
    const instance = linked.instantiate({});
    return async (name: string, pages: number): Promise<unknown> => instance.func("", name)?.call(pages);
  });
}

function grower(): Grow {
  const [grow] = growers(1);
  if (grow === undefined) throw new Error("There is no instance");
  return grow;
}

describe("a component with several memories", () => {
  it("has so many pages in all its memories together", async () => {
    const grow = grower();
    expect(await grow("first", 5)).to.equal(1); // 6 and 1
    expect(await grow("second", 4)).to.equal(REFUSED);
    expect(await grow("second", 3)).to.equal(1); // 6 and 4
    expect(await grow("first", 1)).to.equal(REFUSED);
    expect(await grow("second", 0)).to.equal(4);
  });

  it("does not get more by another module's hand", async () => {
    const grow = grower();
    expect(await grow("third", 8)).to.equal(1); // 9 and 1
    expect(await grow("third", 1)).to.equal(REFUSED);
    expect(await grow("second", 1)).to.equal(REFUSED);
  });

  it("gets no memory by a number of pages that is none", async () => {
    const grow = grower();
    for (const pages of [0x8000_0000, 0xffff_fff6, 0xffff_ffff]) expect(await grow("first", pages)).to.equal(REFUSED);
    expect(await grow("first", 8)).to.equal(1);
  });

  it("pays for long code as any other does, also where that asks for memory again and again", async () => {
    // (drop (memory.grow (i32.const 0))), 20,000 times: 60,000 instructions, and a charge for each 4,000 of them.
    const grows = Array.from({ length: 20_000 }, () => [0x41, 0, 0x40, 0, 0x1a]).flat();
    const own = buildModule({ ...WITH_MEMORY, functions: [{ type: 0, code: [...grows, 0x20, 0, 0x40, 0] }] });
    const prepared = prepare(twoMemories(own), { meter: "with-meter", maxMemoryPages: LIMIT });
    let asked = 0;
    function refuel(): number {
      asked += 1;
      return 1;
    }
    const instance = link(prepared, [], { refuel }).instantiate({});
    await instance.func("", "first")?.call(0);
    expect(asked).to.be.at.least(7); // What it gets pays for one charge, and the next one asks.
  });

  it("shares its limit with no other instance", async () => {
    for (const grow of growers(2)) expect(await grow("first", 8)).to.equal(1);
  });

  it("is refused if one of them has 64-bit addresses", () => {
    const module = new ByteWriter().u8(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
    const component = new ComponentBuilder()
      .module(module.section(5, new ByteWriter().u8(2, 4, 1, 0, 1)).finish())
      .define(SECTION.coreInstance, new ByteWriter().u8(0, 0, 0))
      .finish();
    expect(() => prepare(component, { meter: "with-meter" }))
      .to.throw(ComponentError)
      .with.nested.property(
        "cause.message",
        "Cannot bound several memories together if one of them has 64-bit addresses",
      );
  });

  it("is refused if it begins with more", () => {
    expect(() => prepare(twoMemories(), { meter: "with-meter", maxMemoryPages: 1 })).to.throw(
      ComponentError,
      "it begins with 2 pages of memory, more than 1",
    );
  });
});
