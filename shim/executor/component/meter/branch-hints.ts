import { ByteWriter } from "../core/byte-writer.ts";

/** Where a function's branches are that are hardly ever taken. */
export interface FunctionHints {
  readonly func: number;
  /** From the start of the function's body. */
  readonly rare: readonly number[];
}

/**
 * The custom section that says so, to stand before the code.
 *
 * @see {@link https://github.com/WebAssembly/branch-hinting}
 */
export function branchHints(hints: readonly FunctionHints[]): ByteWriter {
  const out = new ByteWriter(1024);
  out.name("metadata.code.branch_hint");
  out.u32(hints.length);
  for (const { func, rare } of hints) {
    out.u32(func);
    out.u32(rare.length);
    for (const offset of rare) {
      out.u32(offset);
      out.u8(1, 0); // One byte: unlikely.
    }
  }
  return out;
}
