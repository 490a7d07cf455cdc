import { expect } from "chai";
import { call, IMPORTS, INSTALL_MS, start, Thing } from "./executor-component-wat.ts";

const LOOK = `(func (export "look") (param i32))`;

function handles(body: string): string {
  return `(component ${IMPORTS}
    (core func $new (canon lower (func $api "[constructor]thing")))
    (core func $is (canon lower (func $api "is-thing")))
    (core func $drop (canon resource.drop $thing))
    (core module $m (import "h" "new" (func $new (result i32))) (import "h" "is" (func $is (param i32) (result i32)))
      (import "h" "drop" (func $drop (param i32))) (global $kept (mut i32) (i32.const 0)) ${body})
    (core instance $i (instantiate $m (with "h" (instance (export "new" (func $new)) (export "is" (func $is)) (export "drop" (func $drop))))))
    (func (export "f") (result u32) (canon lift (core func $i "f")))
    (func (export "look") (param "t" (borrow $thing)) (canon lift (core func $i "look"))))`;
}

describe("handles of a component", function () {
  this.timeout(INSTALL_MS);

  it("are opened, used and dropped", async () => {
    const log: string[] = [];
    const instance = await start(
      handles(`(func (export "f") (result i32) (local $h i32)
        (local.set $h (call $new)) (call $is (local.get $h)) (call $drop (local.get $h))) ${LOOK}`),
      log,
    );
    expect(call(instance, "f")).to.equal(1);
    expect(log).to.deep.equal(["dropped"]);
  });

  it("can not be used after they were dropped", async () => {
    const instance = await start(
      handles(`(func (export "f") (result i32) (local $h i32)
        (local.set $h (call $new)) (call $drop (local.get $h)) (call $is (local.get $h))) ${LOOK}`),
    );
    expect(() => call(instance, "f")).to.throw("handle 1 is not open");
  });

  it("can not be made up", async () => {
    const instance = await start(handles(`(func (export "f") (result i32) (call $is (i32.const 77))) ${LOOK}`));
    expect(() => call(instance, "f")).to.throw("handle 77 is not open");
  });

  it("that are borrowed must be dropped before the call ends", async () => {
    const body = `(func (export "f") (result i32) (i32.const 0))`;
    const kept = await start(handles(`${body} (func (export "look") (param i32) (global.set $kept (local.get 0)))`));
    expect(() => call(kept, "look", new Thing())).to.throw("1 borrowed handles were not dropped");
    const log: string[] = [];
    const dropped = await start(handles(`${body} (func (export "look") (param i32) (call $drop (local.get 0)))`), log);
    call(dropped, "look", new Thing());
    expect(log, "a borrow is not the resource").to.deep.equal([]);
  });

  it("that are open are closed when the instance is reset or ends", async () => {
    const log: string[] = [];
    const instance = await start(
      handles(`(func (export "f") (result i32) (drop (call $new)) (call $new)) ${LOOK}`),
      log,
    );
    expect(call(instance, "f")).to.equal(2);
    expect(instance.reset()).to.equal(true);
    expect(log).to.deep.equal(["dropped", "dropped"]);
    expect(call(instance, "f"), "handles count from 1 again").to.equal(2);
    instance.dispose();
    expect(log).to.have.length(4);
    expect(() => call(instance, "f")).to.throw("used up");
  });
});
