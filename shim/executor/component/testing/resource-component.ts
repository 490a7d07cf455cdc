import { ByteWriter } from "../core/byte-writer.ts";
import { ComponentBuilder, SECTION } from "./component-builder.ts";
import { buildModule } from "./module-builder.ts";

const I32 = { params: ["i32"], results: ["i32"] };
const DROP = { params: ["i32"], results: [] };
const NEW = { params: [], results: ["i32"] };

/** The component of {@link resourceComponent} within another, which hands the host's interface on to it. */
export function wrappedResourceComponent(code: ResourceCode): Uint8Array {
  const builder = new ComponentBuilder();
  const api = builder.rawType(interfaceType());
  const name = "test:host/api@1.0.0";
  return builder
    .define(SECTION.import, new ByteWriter().u8(0).name(name).u8(5).u32(api))
    .section(SECTION.component, new ByteWriter().bytes(resourceComponent(code)))
    .define(SECTION.instance, new ByteWriter().u8(0, 0, 1).name(name).u8(5, 0))
    .define(SECTION.alias, new ByteWriter().u8(1, 0, 1).name("run"))
    .define(SECTION.alias, new ByteWriter().u8(1, 0, 1).name("look"))
    .define(SECTION.export, new ByteWriter().u8(0).name("run").u8(1, 0, 0))
    .define(SECTION.export, new ByteWriter().u8(0).name("look").u8(1, 1, 0))
    .finish();
}

/** The type of an interface with a resource `thing`, its constructor and a method. */
function interfaceType(): ByteWriter {
  return new ByteWriter()
    .u8(0x42, 7)
    .u8(4, 0)
    .name("thing")
    .u8(3, 1) // Type 0: a resource.
    .u8(1, 0x69, 0) // Type 1: own.
    .u8(1, 0x40, 0, 0, 1) // Type 2: () -> own.
    .u8(4, 0)
    .name("[constructor]thing")
    .u8(1, 2)
    .u8(1, 0x68, 0) // Type 3: borrow.
    .u8(1, 0x40, 1)
    .name("self")
    .u8(3, 0, 0x79) // Type 4: (borrow) -> u32.
    .u8(4, 0)
    .name("[method]thing.value")
    .u8(1, 4);
}

/** What the core module exports, by the code of each function; imports are 0: new, 1: value, 2: drop. */
export interface ResourceCode {
  /** () -> i32: exported as `run`. */
  readonly run: readonly number[];
  /** (i32) -> i32, from a borrow: exported as `look`. */
  readonly look: readonly number[];
}

/**
 * A component that uses a resource of the interface `test:host/api@1.0.0`: its functions come by way of a shim and a
 * fixup, as wit-component makes them.
 */
export function resourceComponent({ run, look }: ResourceCode): Uint8Array {
  const main = buildModule({
    types: [NEW, I32, DROP],
    imports: [
      { module: "h", name: "new", type: 0 },
      { module: "h", name: "value", type: 1 },
      { module: "h", name: "drop", type: 2 },
    ],
    functions: [
      { type: 0, code: run, locals: 1 },
      { type: 1, code: look },
    ],
    exports: [
      { name: "run", kind: "func", index: 3 },
      { name: "look", kind: "func", index: 4 },
    ],
  });
  const shim = buildModule({
    types: [NEW, I32, DROP],
    functions: [
      { type: 0, code: [0x41, 0, 0x11, 0, 0] },
      { type: 1, code: [0x20, 0, 0x41, 1, 0x11, 1, 0] },
      { type: 2, code: [0x20, 0, 0x41, 2, 0x11, 2, 0] },
    ],
    table: 3,
    exports: [
      { name: "0", kind: "func", index: 0 },
      { name: "1", kind: "func", index: 1 },
      { name: "2", kind: "func", index: 2 },
      { name: "$imports", kind: "table", index: 0 },
    ],
  });
  const fixup = buildModule({
    types: [NEW, I32, DROP],
    imports: ["0", "1", "2"].map((name, type) => ({ module: "", name, type })),
    importedTable: { module: "", name: "$imports", slots: 3 },
    elements: [0, 1, 2],
  });
  return assemble([main, shim, fixup]);
}

function assemble(modules: readonly Uint8Array[]): Uint8Array {
  const builder = new ComponentBuilder();
  const api = builder.rawType(interfaceType()); // Type 0.
  for (const module of modules) builder.module(module);
  builder
    .define(SECTION.import, new ByteWriter().u8(0).name("test:host/api@1.0.0").u8(5).u32(api)) // Instance 0.
    .define(SECTION.alias, new ByteWriter().u8(3, 0, 0).name("thing")) // Type 1.
    .define(SECTION.alias, new ByteWriter().u8(1, 0, 0).name("[constructor]thing")) // Func 0.
    .define(SECTION.alias, new ByteWriter().u8(1, 0, 0).name("[method]thing.value")) // Func 1.
    .define(SECTION.coreInstance, new ByteWriter().u8(0, 1, 0)); // Core instance 0: the shim.
  for (const name of ["0", "1", "2"]) {
    builder.define(SECTION.alias, new ByteWriter().u8(0, 0, 1, 0).name(name)); // Core funcs 0 to 2.
  }
  const detour = new ByteWriter().u8(1).u32(3);
  for (const [index, name] of ["new", "value", "drop"].entries()) detour.name(name).u8(0).u32(index);
  builder
    .define(SECTION.coreInstance, detour) // Core instance 1.
    .define(SECTION.coreInstance, new ByteWriter().u8(0, 0, 1).name("h").u8(0x12, 1)) // Core instance 2: main.
    .define(SECTION.alias, new ByteWriter().u8(0, 1, 1, 0).name("$imports")) // Core table 0.
    .define(SECTION.canon, new ByteWriter().u8(1, 0, 0, 0)) // Core func 3: new.
    .define(SECTION.canon, new ByteWriter().u8(1, 0, 1, 0)) // Core func 4: value.
    .define(SECTION.canon, new ByteWriter().u8(3, 1)); // Core func 5: drop.
  const filled = new ByteWriter().u8(1).u32(4).name("$imports").u8(1, 0);
  for (const [index, name] of ["0", "1", "2"].entries()) {
    filled
      .name(name)
      .u8(0)
      .u32(index + 3);
  }
  return builder
    .define(SECTION.coreInstance, filled) // Core instance 3.
    .define(SECTION.coreInstance, new ByteWriter().u8(0, 2, 1).name("").u8(0x12, 3)) // Core instance 4: the fixup.
    .define(SECTION.alias, new ByteWriter().u8(0, 0, 1, 2).name("run")) // Core func 6.
    .define(SECTION.alias, new ByteWriter().u8(0, 0, 1, 2).name("look")) // Core func 7.
    .define(SECTION.type, new ByteWriter().u8(0x40, 0, 0, 0x79)) // Type 2: () -> u32.
    .define(SECTION.type, new ByteWriter().u8(0x68, 1)) // Type 3: borrow.
    .define(SECTION.type, new ByteWriter().u8(0x40, 1).name("thing").u8(3, 0, 0x79)) // Type 4: (borrow) -> u32.
    .define(SECTION.canon, new ByteWriter().u8(0, 0, 6, 0, 2)) // Func 2.
    .define(SECTION.canon, new ByteWriter().u8(0, 0, 7, 0, 4)) // Func 3.
    .define(SECTION.export, new ByteWriter().u8(0).name("run").u8(1, 2, 0))
    .define(SECTION.export, new ByteWriter().u8(0).name("look").u8(1, 3, 0))
    .finish();
}
