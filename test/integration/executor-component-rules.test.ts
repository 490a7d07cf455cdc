import { expect } from "chai";
import { LEAVING, TRAPPING, trappingComponent } from "./executor-component-traps.ts";
import { call, coreModule, INSTALL_MS, refusal, start } from "./executor-component-wat.ts";

/** Gives a string back as it came: pointer and length go to address 0. */
const ECHO = `(func (export "echo") (param i32 i32) (result i32)
  (i32.store (i32.const 0) (local.get 0)) (i32.store (i32.const 4) (local.get 1)) (i32.const 0))`;

function echoComponent(encoding: string): string {
  return `(component ${coreModule(ECHO)} (core instance $i (instantiate $m))
    (func (export "echo") (param "s" string) (result string)
      (canon lift (core func $i "echo") (memory (core memory $i "memory")) (realloc (core func $i "realloc")) string-encoding=${encoding})))`;
}

describe("the rules of the component model", function () {
  this.timeout(INSTALL_MS);

  const texts = ["", "plain", "zażółć", "ÿ only latin1", "\u{1f600} and more", "x".repeat(5_000), "ł".repeat(5_000)];
  for (const encoding of ["utf8", "utf16", "latin1+utf16"]) {
    it(`passes strings in ${encoding}`, async () => {
      const instance = await start(echoComponent(encoding));
      for (const text of texts) expect(call(instance, "echo", text)).to.equal(text);
    });
  }

  it("passes strings between components of different encodings", async () => {
    const memory = `(core module $mem (memory (export "memory") 2)
      (global $next (mut i32) (i32.const 4096))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (local $start i32)
        (local.set $start (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
        (global.set $next (i32.add (local.get $start) (local.get 3)))
        (local.get $start)))`;
    const outer = `(component
      (component $inner ${coreModule(ECHO)} (core instance $i (instantiate $m))
        (func (export "echo") (param "s" string) (result string)
          (canon lift (core func $i "echo") (memory (core memory $i "memory")) (realloc (core func $i "realloc")) string-encoding=utf16)))
      (instance $inner (instantiate $inner))
      ${memory}
      (core module $m (import "mem" "memory" (memory 1)) (import "up" "echo" (func $up (param i32 i32 i32)))
        (func (export "pass") (param i32 i32) (result i32)
          (call $up (local.get 0) (local.get 1) (i32.const 16)) (i32.const 16)))
      (core instance $mem (instantiate $mem))
      (core func $lowered (canon lower (func $inner "echo") (memory (core memory $mem "memory")) (realloc (core func $mem "realloc"))))
      (core instance $up (export "echo" (func $lowered)))
      (core instance $i (instantiate $m (with "mem" (instance $mem)) (with "up" (instance $up))))
      (func (export "pass") (param "s" string) (result string)
        (canon lift (core func $i "pass") (memory (core memory $mem "memory")) (realloc (core func $mem "realloc")))))`;
    const instance = await start(outer);
    for (const text of texts) expect(call(instance, "pass", text)).to.equal(text);
  });

  it("calls post-return once with what the function returned", async () => {
    const instance = await start(`(component ${coreModule(`
      (global $cleaned (mut i32) (i32.const 0))
      ${ECHO}
      (func (export "clean") (param i32) (global.set $cleaned (i32.add (global.get $cleaned) (i32.add (i32.const 1) (local.get 0)))))
      (func (export "cleaned") (result i32) (global.get $cleaned))`)}
      (core instance $i (instantiate $m))
      (func (export "echo") (param "s" string) (result string)
        (canon lift (core func $i "echo") (memory (core memory $i "memory")) (realloc (core func $i "realloc")) (post-return (core func $i "clean"))))
      (func (export "cleaned") (result u32) (canon lift (core func $i "cleaned"))))`);
    expect(call(instance, "echo", "one")).to.equal("one");
    expect(call(instance, "echo", "two")).to.equal("two");
    expect(call(instance, "cleaned")).to.equal(2);
  });

  it("traps when a value is none of its type", async () => {
    for (const { type, body, trap } of TRAPPING) {
      const instance = await start(trappingComponent({ type, body }));
      expect(() => call(instance, "f"), `${type} ${body}`).to.throw(trap);
      expect(() => call(instance, "f")).to.throw("used up");
    }
  });

  it("traps when an instance calls out while it allocates or cleans up", async () => {
    for (const { way, place, wat, isTrap } of LEAVING) {
      const instance = await start(wat);
      call(instance, "arm");
      const what = `${way} in ${place}`;
      if (isTrap) expect(() => call(instance, "f", "x"), what).to.throw("called out where it may not");
      else expect(call(instance, "f", "x"), what).to.equal(3);
    }
  });

  describe("what is refused when it is prepared", () => {
    const func = `(core module $m (func (export "f") (param i32))) (core instance $i (instantiate $m))`;
    const cases: readonly (readonly [what: string, wat: string, refusal: RegExp])[] = [
      [
        "a lifted function of another core type",
        `(component ${func} (func (export "f") (canon lift (core func $i "f"))))`,
        /^INVALID: .*core type/,
      ],
      [
        "an argument of another type",
        `(component (component $c (import "f" (func (param "a" u32))))
          (import "g" (func $g (param "a" string))) (instance (instantiate $c (with "f" (func $g)))))`,
        /^INVALID: .*argument "f" is a function of another type/,
      ],
      [
        "a missing argument",
        `(component (component $c (import "f" (func))) (instance (instantiate $c)))`,
        /^INVALID: .*argument "f" is missing/,
      ],
      [
        "an async function",
        `(component ${func} (func (export "f") async (param "a" u32) (canon lift (core func $i "f") async)))`,
        /^UNSUPPORTED: .*async/,
      ],
      ["a stream", `(component (type (stream u8)))`, /^UNSUPPORTED: .*stream/],
      [
        "a core module that V8 refuses",
        `(component (core module (func (result i32))))`,
        /^INVALID: Cannot prepare core module 0/,
      ],
    ];
    for (const [what, wat, expected] of cases) {
      it(what, async () => {
        expect(await refusal(wat)).to.match(expected);
      });
    }
  });
});
