import { expect } from "chai";
import { parseComponent } from "../binary/parse-component.ts";
import { ByteWriter } from "../core/byte-writer.ts";
import { evaluateComponent } from "../prepare/evaluate-component.ts";
import { prepare } from "../prepare/prepare.ts";
import { ComponentBuilder, SECTION } from "../testing/component-builder.ts";

/** Of this process: other programs may keep the machine busy. */
const MAX_CPU_MS = 1_000;

/** Each type is a tuple of the one before, twice: written out, it has 2^n parts. */
function doublingTypes(levels: number): Uint8Array {
  const builder = new ComponentBuilder();
  builder.type("u8");
  for (let level = 0; level < levels; level += 1) builder.rawType(new ByteWriter().u8(0x6f, 2, level, level));
  return builder.finish();
}

/** Each component has two instances of the one within it. */
function doublingInstances(levels: number): Uint8Array {
  let inner = new ComponentBuilder().finish();
  for (let level = 0; level < levels; level += 1) {
    const outer = new ComponentBuilder().section(SECTION.component, new ByteWriter().bytes(inner));
    for (const _ of [0, 1]) outer.define(SECTION.instance, new ByteWriter().u8(0, 0, 0));
    inner = outer.finish();
  }
  return inner;
}

/** An instance type of so many exports, imported so often. */
function manyImports(exports: number, imports: number): Uint8Array {
  const type = new ByteWriter()
    .u8(0x42)
    .u32(exports + 1)
    .u8(1, 0x40, 0, 1, 0);
  for (let index = 0; index < exports; index += 1) type.u8(4, 0).name(`e${index}`).u8(1, 0);
  const builder = new ComponentBuilder();
  builder.rawType(type);
  for (let index = 0; index < imports; index += 1) {
    builder.define(SECTION.import, new ByteWriter().u8(0).name(`i${index}`).u8(5, 0));
  }
  return builder.finish();
}

/** A record of so many fields, each the record before. */
function wideRecords(fields: number): Uint8Array {
  const builder = new ComponentBuilder();
  builder.type("string");
  for (const level of [0, 1]) {
    const body = new ByteWriter().u8(0x72).u32(fields);
    for (let index = 0; index < fields; index += 1) body.name(`f${index}`).u8(level);
    builder.rawType(body);
  }
  return builder.finish();
}

describe("what is small in the file and large in the making", () => {
  const cases: readonly (readonly [what: string, bytes: Uint8Array, refusal: RegExp])[] = [
    ["types that double", doublingTypes(50), /a type of more than \d+ parts/],
    ["records of records", wideRecords(5_000), /a type of more than \d+ parts/],
    ["instances that double", doublingInstances(20), /more than \d+ component instances/],
    ["a large type that is used again and again", manyImports(5_000, 1_000), /more than \d+ steps/],
  ];
  for (const [what, bytes, refusal] of cases) {
    it(`is refused in time: ${what}`, () => {
      const start = process.cpuUsage();
      expect(() => prepare(bytes)).to.throw(refusal);
      const { user, system } = process.cpuUsage(start);
      expect((user + system) / 1_000).to.be.lessThan(MAX_CPU_MS);
    });
  }

  it("is taken as long as it is reasonable", () => {
    for (const bytes of [doublingTypes(10), doublingInstances(6), manyImports(100, 100), wideRecords(50)]) {
      expect(evaluateComponent(parseComponent(bytes).root, []).exports).to.deep.equal([]);
    }
  });
});

function component(build: (builder: ComponentBuilder) => void): Uint8Array {
  const builder = new ComponentBuilder();
  build(builder);
  return builder.finish();
}

describe("what breaks a rule", () => {
  const cases: readonly (readonly [what: string, bytes: Uint8Array, refusal: string])[] = [
    [
      "an index of no type",
      component((builder) => void builder.rawType(new ByteWriter().u8(0x70, 5))),
      "type 5 is not defined, there are 0",
    ],
    [
      "a function type as a value type",
      component((builder) => {
        builder.func([], undefined);
        builder.rawType(new ByteWriter().u8(0x70, 0));
      }),
      "type 0 is no value type",
    ],
    [
      "a handle of no resource",
      component((builder) => {
        builder.type("u8");
        builder.rawType(new ByteWriter().u8(0x69, 0));
      }),
      "type 0 is no resource type",
    ],
    [
      "a result that is borrowed",
      component((builder) => {
        builder.define(SECTION.import, new ByteWriter().u8(0).name("r").u8(3, 1));
        builder
          .define(SECTION.type, new ByteWriter().u8(0x68, 0))
          .define(SECTION.type, new ByteWriter().u8(0x40, 0, 0, 1));
      }),
      "contains a borrow",
    ],
    [
      "a resource defined within a type",
      component((builder) => {
        builder.rawType(new ByteWriter().u8(0x42, 1, 1, 0x3f, 0x7f, 0));
        builder.define(SECTION.import, new ByteWriter().u8(0).name("i").u8(5, 0));
      }),
      "defined within a type",
    ],
    [
      "a name that an instance does not export",
      component((builder) => {
        builder
          .define(SECTION.instance, new ByteWriter().u8(1, 0))
          .define(SECTION.alias, new ByteWriter().u8(1, 0, 0).name("f"));
      }),
      "exports nothing of that name",
    ],
    [
      "too many enclosing components",
      component((builder) => void builder.define(SECTION.alias, new ByteWriter().u8(3, 2, 9, 0))),
      "there are no 9 enclosing components",
    ],
    [
      "an outer function",
      component((builder) => void builder.define(SECTION.alias, new ByteWriter().u8(1, 2, 0, 0))),
      "cannot be named",
    ],
    [
      "an import of no function type",
      component((builder) => {
        builder.type("u8");
        builder.define(SECTION.import, new ByteWriter().u8(0).name("f").u8(1, 0));
      }),
      "type 0 is no function type",
    ],
    [
      "an import of no instance type",
      component((builder) => {
        builder.type("u8");
        builder.define(SECTION.import, new ByteWriter().u8(0).name("f").u8(5, 0));
      }),
      "type 0 is no instance type",
    ],
    [
      "an import of no module type",
      component((builder) => {
        builder
          .define(SECTION.coreType, new ByteWriter().u8(0x60, 0, 0))
          .define(SECTION.import, new ByteWriter().u8(0).name("m").u8(0, 0x11, 0));
      }),
      "core type 0 is no module type",
    ],
    [
      "an export of another type than it says",
      component((builder) => {
        const plain = builder.func([], undefined);
        const other = builder.func(["u8"], undefined);
        builder.define(SECTION.import, new ByteWriter().u8(0).name("f").u8(1, plain));
        builder.define(SECTION.export, new ByteWriter().u8(0).name("g").u8(1, 0, 1, 1, other));
      }),
      'export "g" is a function of another type',
    ],
    [
      "an export of another sort than it says",
      component((builder) => {
        const plain = builder.func([], undefined);
        builder.define(SECTION.import, new ByteWriter().u8(0).name("f").u8(1, plain));
        builder.define(SECTION.export, new ByteWriter().u8(0).name("g").u8(1, 0, 1, 3, 0, plain));
      }),
      'export "g" is a func, not a type',
    ],
  ];
  for (const [what, bytes, refusal] of cases) {
    it(`is refused: ${what}`, () => {
      expect(() => prepare(bytes)).to.throw(refusal);
    });
  }
});
