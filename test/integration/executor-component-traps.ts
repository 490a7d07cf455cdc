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

/** Where a component instance may not leave itself, and where it may. */
const PLACES = ["realloc", "post-return", "call"] as const;
/** What it could leave itself by; a look at its own resource is none. */
const WAYS: Readonly<Record<string, string>> = {
  "resource.new": "(drop (call $new (i32.const 1)))",
  "resource.drop": "(call $drop (global.get $kept))",
  "resource.rep": "(drop (call $rep (global.get $kept)))",
  "a lowered function": "(call $out)",
};

/** An instance that has a resource after "arm", and then tries to leave itself in "f", which takes a text. */
export interface Leaving {
  readonly way: string;
  readonly place: string;
  readonly wat: string;
  readonly isTrap: boolean;
}

export const LEAVING: readonly Leaving[] = Object.entries(WAYS).flatMap(([way, code]) =>
  PLACES.map((place) => ({
    way,
    place,
    wat: leavingComponent(place, code),
    isTrap: place !== "call" && way !== "resource.rep",
  })),
);

function leavingComponent(place: string, code: string): string {
  function at(here: string): string {
    return here === place ? `(if (global.get $kept) (then ${code}))` : "";
  }
  return `(component
    (component $other (core module $m (func (export "out"))) (core instance $i (instantiate $m))
      (func (export "out") (canon lift (core func $i "out"))))
    (instance $other (instantiate $other))
    (type $t (resource (rep i32)))
    (core func $new (canon resource.new $t))
    (core func $rep (canon resource.rep $t))
    (core func $drop (canon resource.drop $t))
    (core func $out (canon lower (func $other "out")))
    (core module $m
      (import "" "new" (func $new (param i32) (result i32)))
      (import "" "rep" (func $rep (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (import "" "out" (func $out))
      (memory (export "memory") 1)
      (global $kept (mut i32) (i32.const 0))
      (func (export "arm") (global.set $kept (call $new (i32.const 7))))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) ${at("realloc")} (i32.const 1024))
      (func (export "f") (param i32 i32) (result i32) ${at("call")} (i32.const 3))
      (func (export "after") (param i32) ${at("post-return")}))
    (core instance $i (instantiate $m (with "" (instance (export "new" (func $new)) (export "rep" (func $rep))
      (export "drop" (func $drop)) (export "out" (func $out))))))
    (func (export "arm") (canon lift (core func $i "arm")))
    (func (export "f") (param "text" string) (result u32) (canon lift (core func $i "f")
      (memory (core memory $i "memory")) (realloc (core func $i "realloc")) (post-return (core func $i "after")))))`;
}
