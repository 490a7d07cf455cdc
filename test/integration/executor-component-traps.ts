import { coreModule } from "./executor-component-wat.ts";

/** A function without parameters whose result, as its core function gives it, is no value of its type. */
interface Trapping {
  readonly type: string;
  readonly body: string;
  /** Why it traps. */
  readonly trap: RegExp;
}

/** Functions that trap when their result is lifted. */
export const TRAPPING: readonly Trapping[] = [
  { type: "char", body: "(i32.const 0xd800)", trap: /no character/ },
  { type: "char", body: "(i32.const 0x110000)", trap: /no character/ },
  { type: '(enum "a" "b")', body: "(i32.const 2)", trap: /none of the 2 cases/ },
  {
    type: "string",
    body: "(i32.store (i32.const 0) (i32.const 131072)) (i32.store (i32.const 4) (i32.const 1)) (i32.const 0)",
    trap: /outside/,
  },
  {
    type: "string",
    body: "(i32.store (i32.const 0) (i32.const 0xfffffff0)) (i32.store (i32.const 4) (i32.const 32)) (i32.const 0)",
    trap: /outside/,
  },
  {
    type: "string",
    body: "(i32.store8 (i32.const 64) (i32.const 0xff)) (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 1)) (i32.const 0)",
    trap: /not UTF-8/,
  },
  { type: "string", body: "(i32.const 2)", trap: /not aligned/ },
  {
    type: "(list u32)",
    body: "(i32.store (i32.const 0) (i32.const 66)) (i32.store (i32.const 4) (i32.const 1)) (i32.const 0)",
    trap: /not aligned/,
  },
  {
    type: "(list u64)",
    body: "(i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 0x20000000)) (i32.const 0)",
    trap: /outside/,
  },
];

/** The function as export "f" of a component. */
export function trappingComponent({ type, body }: Pick<Trapping, "type" | "body">): string {
  const named = type.startsWith("(") ? `(type $t0 ${type}) (export $t "t" (type $t0))` : "";
  return `(component ${coreModule(`(func (export "f") (result i32) ${body})`)}
    (core instance $i (instantiate $m)) ${named}
    (func (export "f") (result ${type.startsWith("(") ? "$t" : type})
      (canon lift (core func $i "f") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))`;
}
