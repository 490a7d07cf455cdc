import { ByteWriter } from "../core/byte-writer.ts";
import { ComponentBuilder, SECTION } from "./component-builder.ts";
import { buildModule } from "./module-builder.ts";

/**
 * A component with a resource of its own, `item`: `make` gives one out, whose number is 7; `read` takes a borrow and
 * gives the number; `take` takes it for good and drops it; `dropped` says how many were dropped.
 */
export function guestResourceComponent(): Uint8Array {
  const builder = new ComponentBuilder()
    .module(destructorModule())
    .module(mainModule())
    .define(SECTION.coreInstance, new ByteWriter().u8(0, 0, 0)) // Core instance 0.
    .define(SECTION.alias, new ByteWriter().u8(0, 0, 1, 0).name("destroy")) // Core func 0.
    .define(SECTION.type, new ByteWriter().u8(0x3f, 0x7f, 1, 0)); // Type 0: the resource.
  for (const operation of [2, 4, 3]) builder.define(SECTION.canon, new ByteWriter().u8(operation, 0)); // Core funcs 1 to 3.
  const given = new ByteWriter().u8(1).u32(3);
  for (const [index, name] of ["new", "rep", "drop"].entries()) {
    given
      .name(name)
      .u8(0)
      .u32(index + 1);
  }
  builder
    .define(SECTION.coreInstance, given) // Core instance 1.
    .define(SECTION.coreInstance, new ByteWriter().u8(0, 1, 1).name("r").u8(0x12, 1)); // Core instance 2.
  for (const name of ["make", "read", "take"]) {
    builder.define(SECTION.alias, new ByteWriter().u8(0, 0, 1, 2).name(name)); // 4 to 6.
  }
  builder
    .define(SECTION.alias, new ByteWriter().u8(0, 0, 1, 0).name("dropped")) // Core func 7.
    .define(SECTION.type, new ByteWriter().u8(0x69, 0)) // Type 1: own.
    .define(SECTION.type, new ByteWriter().u8(0x68, 0)) // Type 2: borrow.
    .define(SECTION.type, new ByteWriter().u8(0x40, 0, 0, 1)) // Type 3: () -> own.
    .define(SECTION.type, new ByteWriter().u8(0x40, 1).name("item").u8(2, 0, 0x79)) // Type 4: (borrow) -> u32.
    .define(SECTION.type, new ByteWriter().u8(0x40, 1).name("item").u8(1, 0, 0x79)) // Type 5: (own) -> u32.
    .define(SECTION.type, new ByteWriter().u8(0x40, 0, 0, 0x79)); // Type 6: () -> u32.
  for (const [index, type] of [3, 4, 5, 6].entries()) {
    builder.define(SECTION.canon, new ByteWriter().u8(0, 0, index + 4, 0, type)); // Funcs 0 to 3.
  }
  for (const [index, name] of ["make", "read", "take", "dropped"].entries()) {
    // Each export adds a function: those lifted come first.
    builder.define(SECTION.export, new ByteWriter().u8(0).name(name).u8(1, index, 0));
  }
  return builder.finish();
}

/** Counts what is destroyed. */
function destructorModule(): Uint8Array {
  return buildModule({
    types: [
      { params: ["i32"], results: [] },
      { params: [], results: ["i32"] },
    ],
    functions: [
      { type: 0, code: [0x23, 0, 0x41, 1, 0x6a, 0x24, 0] },
      { type: 1, code: [0x23, 0] },
    ],
    globals: [0],
    exports: [
      { name: "destroy", kind: "func", index: 0 },
      { name: "dropped", kind: "func", index: 1 },
    ],
  });
}

function mainModule(): Uint8Array {
  return buildModule({
    types: [
      { params: ["i32"], results: ["i32"] },
      { params: ["i32"], results: [] },
      { params: [], results: ["i32"] },
    ],
    imports: [
      { module: "r", name: "new", type: 0 },
      { module: "r", name: "rep", type: 0 },
      { module: "r", name: "drop", type: 1 },
    ],
    functions: [
      { type: 2, code: [0x41, 7, 0x10, 0] },
      { type: 0, code: [0x20, 0] }, // A borrow of one's own resource is its number.
      { type: 0, code: [0x20, 0, 0x10, 1, 0x20, 0, 0x10, 2] },
    ],
    exports: ["make", "read", "take"].map((name, index) => ({ name, kind: "func" as const, index: index + 3 })),
  });
}
