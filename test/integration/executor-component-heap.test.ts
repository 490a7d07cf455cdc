import { getHeapStatistics } from "node:v8";
import type { HostInterface } from "@rcm/shim/executor/component/host-interface";
import { LIMITS } from "@rcm/shim/executor/component/limits";
import { link } from "@rcm/shim/executor/component/link/link";
import { prepare } from "@rcm/shim/executor/component/prepare/prepare";
import { expect } from "chai";
import { componentFromText } from "../guests/component-tools.ts";
import { call, INSTALL_MS, refusal, start } from "./executor-component-wat.ts";

const MIB = 2 ** 20;
/** Of the type that takes most. */
const VALUES = LIMITS.exceptionValues;
/** Variables of one function: so few calls use up the stack, and nearly all of it are variables. */
const VARIABLES = 100;
/** A stack of 1 MiB full of references to such exceptions took 63 MiB. */
const MAX_MIB = 128;

function component(definitions: string, code: string): string {
  return `(component (core module $m ${definitions} (func (export "f") (result i32) ${code}))
    (core instance $i (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $i "f"))))`;
}

describe("what a guest can put into the heap", function () {
  this.timeout(INSTALL_MS);

  const refused: readonly (readonly [what: string, wat: string])[] = [
    [
      "a list of structs",
      component(
        "(type $list (struct (field (ref null $list))))",
        `(local $list (ref null $list))
        (loop $again (local.set $list (struct.new $list (local.get $list))) (br $again)) (i32.const 0)`,
      ),
    ],
    [
      "an array",
      component("(type $array (array (mut i64)))", "(array.len (array.new_default $array (i32.const 100000000)))"),
    ],
    [
      "a list of exceptions",
      component(
        "(tag $list (param exnref))",
        `(local $list exnref)
        (loop $again
          (local.set $list (block $caught (result exnref)
            (try_table (catch_all_ref $caught) (throw $list (local.get $list))) (unreachable)))
          (br $again)) (i32.const 0)`,
      ),
    ],
    ["a table of exceptions", component("(table 1 exnref)", "(i32.const 0)")],
  ];
  for (const [what, wat] of refused) {
    it(`is not ${what}: that is refused by name`, async () => {
      expect(await refusal(wat)).to.match(/^UNSUPPORTED: Cannot prepare core module 0/);
    });
  }

  it("is an exception that is caught and thrown again, as compilers of C++ have it", async () => {
    const instance = await start(
      component(
        "(tag $cpp (param i32))",
        `(block $handler (result i32)
          (try_table (catch $cpp $handler)
            (throw_ref (block $cleanup (result exnref)
              (try_table (catch_all_ref $cleanup) (throw $cpp (i32.const 42))) (unreachable))))
          (i32.const 0))`,
      ),
    );
    expect(call(instance, "f")).to.equal(42);
  });

  it("is a stack full of exceptions, and not more", async () => {
    const values = "(v128.const i64x2 -1 -1)".repeat(VALUES);
    const fill = Array.from({ length: VARIABLES }, (_, index) => `(local.set ${index} (call $caught))`).join(" ");
    const use = Array.from({ length: VARIABLES }, (_, index) => `(drop (ref.is_null (local.get ${index})))`).join(" ");
    const bytes = await componentFromText(`(component
      (import "measure" (func $measure))
      (core func $measure (canon lower (func $measure)))
      (core module $m
        (import "" "measure" (func $measure))
        (tag $large (param ${"v128 ".repeat(VALUES)}))
        (func $caught (result exnref) (block $caught (result exnref)
          (try_table (catch_all_ref $caught) (throw $large ${values})) (unreachable)))
        (func $deeper ${"(local exnref)".repeat(VARIABLES)}
          ${fill} (call $measure) (call $deeper) ${use})
        (func (export "f") (call $deeper)))
      (core instance $i (instantiate $m (with "" (instance (export "measure" (func $measure))))))
      (func (export "f") (canon lift (core func $i "f"))))`);
    const before = getHeapStatistics().used_heap_size;
    let most = 0;
    let depth = 0;
    const measure = {
      call: (): undefined => {
        depth += 1;
        most = Math.max(most, getHeapStatistics().used_heap_size);
      },
    };
    const host: HostInterface<undefined> = { name: "", version: undefined, resources: {}, functions: { measure } };
    const instance = link(prepare(bytes), [host]).instantiate(undefined);
    expect(() => void instance.func("", "f")?.call()).to.throw("nested too deeply");
    expect(depth).to.be.greaterThan(100);
    expect((most - before) / MIB).to.be.lessThan(MAX_MIB);
  });
});
