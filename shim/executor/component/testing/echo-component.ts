import type { StringEncoding } from "../binary/component-ast.ts";
import { ByteWriter } from "../core/byte-writer.ts";
import { flattenFunc } from "../types/layout.ts";
import type { FuncType } from "../types/wit-type.ts";
import { ComponentBuilder, SECTION, type TypeText } from "./component-builder.ts";
import { BUMP_REALLOC, buildModule } from "./module-builder.ts";

const ENCODINGS: Readonly<Record<StringEncoding, number>> = { utf8: 0, utf16: 1, "latin1+utf16": 2 };
const REALLOC_TYPE = { params: ["i32", "i32", "i32", "i32"], results: ["i32"] } as const;
const HEAP = 1024;

/**
 * A component that imports a function `echo`, and exports a function `run` of the same type that passes its arguments on
 * to it, and its result back. Results in memory go through address 0.
 *
 * @param flat - the type of the function, resolved: says how it looks to the core module.
 */
export function echoComponent(
  params: readonly TypeText[],
  result: TypeText,
  flat: FuncType,
  encoding: StringEncoding,
): Uint8Array {
  const lifted = flattenFunc(flat, "lift");
  const lowered = flattenFunc(flat, "lower");
  const memory = buildModule({
    types: [REALLOC_TYPE],
    functions: [{ type: 0, code: BUMP_REALLOC, locals: 1 }],
    memory: { min: 8 },
    globals: [HEAP],
    exports: [
      { name: "memory", kind: "memory", index: 0 },
      { name: "realloc", kind: "func", index: 0 },
    ],
  });
  const passOn = lifted.params.flatMap((_, index) => [0x20, index]);
  const pointer = lowered.resultInMemory ? [0x41, 0] : [];
  const main = buildModule({
    types: [
      { params: lowered.params, results: lowered.results },
      { params: lifted.params, results: lifted.results },
    ],
    imports: [{ module: "up", name: "echo", type: 0 }],
    functions: [{ type: 1, code: [...passOn, ...pointer, 0x10, 0, ...pointer] }],
    exports: [{ name: "run", kind: "func", index: 1 }],
  });
  const builder = new ComponentBuilder();
  const type = builder.func(params, result);
  const options = new ByteWriter().u32(3).u8(ENCODINGS[encoding], 3, 0, 4, 0).finish(); // Memory 0, realloc core func 0.
  return builder
    .define(SECTION.import, new ByteWriter().u8(0).name("echo").u8(1).u32(type)) // Func 0.
    .module(memory)
    .module(main)
    .define(SECTION.coreInstance, new ByteWriter().u8(0, 0, 0)) // Core instance 0.
    .define(SECTION.alias, new ByteWriter().u8(0, 2, 1, 0).name("memory"))
    .define(SECTION.alias, new ByteWriter().u8(0, 0, 1, 0).name("realloc")) // Core func 0.
    .define(SECTION.canon, new ByteWriter().u8(1, 0, 0).bytes(options)) // Core func 1: the lowered import.
    .define(SECTION.coreInstance, new ByteWriter().u8(1).u32(1).name("echo").u8(0, 1)) // Core instance 1.
    .define(SECTION.coreInstance, new ByteWriter().u8(0, 1).u32(1).name("up").u8(0x12, 1)) // Core instance 2.
    .define(SECTION.alias, new ByteWriter().u8(0, 0, 1, 2).name("run")) // Core func 2.
    .define(SECTION.canon, new ByteWriter().u8(0, 0, 2).bytes(options).u32(type)) // Func 1.
    .define(SECTION.export, new ByteWriter().u8(0).name("run").u8(1, 1, 0))
    .finish();
}
