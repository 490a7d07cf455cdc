import { asynchronousError } from "./asynchronous.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { CanonAst, CanonOptions, StringEncoding } from "./component-ast.ts";

const ENCODINGS: Readonly<Record<number, StringEncoding>> = { 0: "utf8", 1: "utf16", 2: "latin1+utf16" };
type OptionKey = "encoding" | "memory" | "realloc" | "postReturn";
const OPTIONS: Readonly<Record<number, OptionKey>> = {
  0: "encoding",
  1: "encoding",
  2: "encoding",
  3: "memory",
  4: "realloc",
  5: "postReturn",
};
const UNSUPPORTED_OPTIONS: Readonly<Record<number, string>> = { 6: "async", 7: "callback", 8: "core-type", 9: "gc" };
const MAX_OPTIONS = 16;

/** Built-in functions of the asynchronous component model, and of others that we refuse by name. */
const UNSUPPORTED_CANONS: Readonly<Record<number, string>> = {
  0x05: "task.cancel",
  0x06: "subtask.cancel",
  0x07: "resource.drop async",
  0x08: "backpressure.set",
  0x09: "task.return",
  0x0a: "context.get",
  0x0b: "context.set",
  0x0c: "thread.yield",
  0x0d: "subtask.drop",
  0x0e: "stream.new",
  0x0f: "stream.read",
  0x10: "stream.write",
  0x11: "stream.cancel-read",
  0x12: "stream.cancel-write",
  0x13: "stream.drop-readable",
  0x14: "stream.drop-writable",
  0x15: "future.new",
  0x16: "future.read",
  0x17: "future.write",
  0x18: "future.cancel-read",
  0x19: "future.cancel-write",
  0x1a: "future.drop-readable",
  0x1b: "future.drop-writable",
  0x1c: "error-context.new",
  0x1d: "error-context.debug-message",
  0x1e: "error-context.drop",
  0x1f: "waitable-set.new",
  0x20: "waitable-set.wait",
  0x21: "waitable-set.poll",
  0x22: "waitable-set.drop",
  0x23: "waitable.join",
  0x24: "backpressure.inc",
  0x25: "backpressure.dec",
  0x26: "thread.index",
  0x27: "thread.new-indirect",
  0x28: "thread.resume-later",
  0x29: "thread.suspend",
  0x2a: "thread.suspend-then-resume",
  0x2b: "thread.yield-then-resume",
  0x2c: "thread.suspend-then-promote",
  0x2d: "thread.yield-then-promote",
  0x2e: "stream.forward",
  0x2f: "future.forward",
  0x40: "thread.spawn-ref",
  0x41: "thread.spawn-indirect",
  0x42: "thread.available-parallelism",
};

/** One definition of the canon section. */
export function readCanon(reader: ByteReader): CanonAst {
  const start = reader.at;
  const kind = reader.u8();
  if (kind === 0 || kind === 1) {
    if (reader.u8() !== 0) throw reader.error("a lifted or lowered item is not a function", "MALFORMED", start);
    const func = reader.u32();
    const options = readOptions(reader);
    if (kind === 0) return { kind: "lift", coreFunc: func, options, type: reader.u32() };
    if (options.postReturn === undefined) return { kind: "lower", func, options };
    throw reader.error("post-return stands at a lowered function", "INVALID", start);
  }
  const operation = ({ 2: "new", 3: "drop", 4: "rep" } as const)[kind];
  if (operation !== undefined) return { kind: "resource", operation, type: reader.u32() };
  const name = UNSUPPORTED_CANONS[kind];
  if (name === undefined) throw reader.error(`0x${kind.toString(16)} is no canonical function`, "MALFORMED", start);
  throw asynchronousError(reader, `the asynchronous canonical function "${name}" is`, start);
}

function readOptions(reader: ByteReader): CanonOptions {
  const found: Partial<Record<OptionKey, number>> = {};
  reader.vec("canonical options", MAX_OPTIONS, () => {
    const at = reader.at;
    const kind = reader.u8();
    const unsupported = UNSUPPORTED_OPTIONS[kind];
    if (unsupported !== undefined) {
      throw reader.error(`the canonical option "${unsupported}" is not supported`, "UNSUPPORTED", at);
    }
    const key = OPTIONS[kind];
    if (key === undefined) throw reader.error(`${kind} is no canonical option`, "MALFORMED", at);
    if (found[key] !== undefined) throw reader.error("a canonical option is there twice", "INVALID", at);
    found[key] = key === "encoding" ? kind : reader.u32();
  });
  const { memory, realloc, postReturn } = found;
  return { encoding: ENCODINGS[found.encoding ?? 0] ?? "utf8", memory, realloc, postReturn };
}
