import { expect } from "chai";
import { call, IMPORTS, INSTALL_MS, rejects, start } from "./executor-component-wat.ts";

function calls(imports: string, body: string, lift = ""): string {
  return `(component ${IMPORTS}
    (core module $mem (memory (export "memory") 1))
    (core instance $mem (instantiate $mem))
    (core func $log (canon lower (func $api "log") (memory (core memory $mem "memory"))))
    (core func $wait (canon lower (func $api "wait")))
    (core func $fail (canon lower (func $api "fail")))
    (core module $m (import "mem" "memory" (memory 1)) ${imports} ${body})
    (core instance $i (instantiate $m (with "mem" (instance $mem))
      (with "h" (instance (export "log" (func $log)) (export "wait" (func $wait)) (export "fail" (func $fail))))))
    ${lift || `(func (export "f") (canon lift (core func $i "f")))`})`;
}

describe("calls of a component", function () {
  this.timeout(INSTALL_MS);

  it("wait for a host function that blocks", async () => {
    const log: string[] = [];
    const instance = await start(
      calls(`(import "h" "wait" (func $wait))`, `(func (export "f") (call $wait) (call $wait))`),
      log,
    );
    const done = call(instance, "f");
    expect(done).to.be.instanceOf(Promise);
    await done;
    expect(log).to.deep.equal(["waited", "waited"]);
  });

  it("cannot wait while core modules start", async () => {
    const wat = calls(
      `(import "h" "wait" (func $wait))`,
      `(func $begin (call $wait)) (start $begin) (func (export "f"))`,
    );
    await rejects(start(wat), "blocks was called where the guest cannot be suspended");
  });

  it("refuse a second call while one waits", async () => {
    const log: string[] = [];
    const instance = await start(calls(`(import "h" "wait" (func $wait))`, `(func (export "f") (call $wait))`), log);
    const first = call(instance, "f");
    expect(() => call(instance, "f")).to.throw("under way");
    await first;
    expect(log, "the first is not disturbed").to.deep.equal(["waited"]);
  });

  it("end when the instance is disposed of while they wait", async () => {
    const instance = await start(calls(`(import "h" "wait" (func $wait))`, `(func (export "f") (call $wait))`));
    const waiting = call(instance, "f");
    instance.dispose();
    await rejects(waiting, "used up");
  });

  it("fail with what the host threw, even if the guest could catch it", async () => {
    const instance = await start(
      calls(
        `(import "h" "fail" (func $fail))`,
        `(func (export "f") (block $out (try_table (catch_all $out) (call $fail))))`,
      ),
    );
    expect(() => call(instance, "f")).to.throw("the host says no");
    expect(() => call(instance, "f")).to.throw("used up");
  });

  it("may not call out while they allocate", async () => {
    const instance = await start(
      calls(
        `(import "h" "wait" (func $wait)) (import "h" "fail" (func $fail))`,
        `(func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $fail) (i32.const 8))
         (func (export "f") (param i32 i32))`,
        `(func (export "f") (param "s" string) (canon lift (core func $i "f") (memory (core memory $mem "memory")) (realloc (core func $i "realloc"))))`,
      ),
    );
    await rejects(
      Promise.resolve().then(() => call(instance, "f", "text")),
      "called out where it may not",
    );
  });

  it("that never end by themselves end by their depth", async () => {
    const instance = await start(calls("", `(func $f (export "f") (call $f) (call $f))`));
    expect(() => call(instance, "f")).to.throw("nested too deeply");
  });
});
