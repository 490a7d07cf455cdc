import { expect } from "chai";
import { describe, it } from "mocha";
import { type CoreExportValue, type CoreFunction, type CoreGlobal, wasm } from "../core/web-assembly.ts";
import { METER_EXPORTS, meterModule } from "./meter-module.ts";

const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/**
 * (module (memory (export "memory") 1) (global (mut i32) (i32.const 7))
 *   (func (export "loop") (param i32) (result i32) …)       ;; counts down by a loop, gives the global
 *   (func (export "recurse") (param i32) (result i32) …)    ;; counts down by calls of itself
 *   (func (export "fill") (param i32) …)                    ;; memory.fill of that many bytes, in a block
 *   (func (export "plain") (result i32) …))                 ;; none of these
 */
const MODULE = Uint8Array.of(
  ...PREAMBLE,
  ...section(1, [3, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 1, 0x7f, 0, 0x60, 0, 1, 0x7f]),
  ...section(3, [4, 0, 0, 1, 2]),
  ...section(5, [1, 0, 1]),
  ...section(6, [1, 0x7f, 1, 0x41, 7, 0x0b]),
  ...section(7, [
    5,
    ...exported("memory", 2, 0),
    ...exported("loop", 0, 0),
    ...exported("recurse", 0, 1),
    ...exported("fill", 0, 2),
    ...exported("plain", 0, 3),
  ]),
  ...section(10, [
    4,
    ...body(0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x23, 0),
    ...body(0x20, 0, 0x04, 0x7f, 0x20, 0, 0x41, 1, 0x6b, 0x10, 1, 0x05, 0x23, 0, 0x0b),
    ...body(0x41, 0, 0x41, 1, 0x20, 0, 0xfc, 11, 0),
    ...body(0x23, 0),
  ]),
);

function section(id: number, content: readonly number[]): number[] {
  return [id, content.length, ...content];
}

function exported(name: string, kind: number, index: number): number[] {
  return [name.length, ...Buffer.from(name), kind, index];
}

function body(...code: readonly number[]): number[] {
  return [code.length + 2, 0, ...code, 0x0b];
}

/** (module (import h.f (func (param i32) (result i32))) (export "f" (func 0))) */
const PASS_ON = Uint8Array.of(
  ...PREAMBLE,
  ...section(1, [1, 0x60, 1, 0x7f, 1, 0x7f]),
  ...section(2, [1, 1, 0x68, 1, 0x66, 0, 0]),
  ...section(7, [1, ...exported("f", 0, 0)]),
);

interface Metered {
  call(name: string, argument?: number): unknown;
  fuel(): number;
  readonly asked: readonly number[];
}

/** The module's instance with `fuel`, whose host answers with `answers` in turn and then with the last of them. */
function metered(fuel: number, ...answers: readonly number[]): Metered {
  const asked: number[] = [];
  function f(id: number | bigint = -1): number {
    asked.push(Number(id));
    return answers[Math.min(asked.length, answers.length) - 1] ?? -1;
  }
  const passOn = new wasm.Instance(new wasm.Module(PASS_ON), { h: { f } }).exports["f"];
  const { exports } = new wasm.Instance(new wasm.Module(meterModule(MODULE)), {});
  const table = exports[METER_EXPORTS.table] as { set(index: number, value: CoreExportValue | undefined): void };
  table.set(0, passOn);
  (exports[METER_EXPORTS.id] as CoreGlobal).value = 42;
  const left = exports[METER_EXPORTS.fuel] as CoreGlobal;
  left.value = fuel;
  return {
    asked,
    fuel: () => Number(left.value),
    call(name, argument) {
      const func = exports[name] as CoreFunction;
      return argument === undefined ? func() : func(argument);
    },
  };
}

describe("meterModule()", () => {
  it("leaves the module valid, and what it does as it was", () => {
    expect(wasm.validate(MODULE)).to.equal(true);
    expect(wasm.validate(meterModule(MODULE))).to.equal(true);
    const guest = metered(1000, 1000);
    expect([guest.call("loop", 5), guest.call("recurse", 5), guest.call("plain")]).to.deep.equal([7, 7, 7]);
  });

  it("charges for turns of loops", () => {
    const guest = metered(1000, 1000);
    guest.call("loop", 100);
    expect(guest.fuel()).to.equal(900);
  });

  it("charges for recursion", () => {
    const guest = metered(1000, 1000);
    guest.call("recurse", 99);
    expect(guest.fuel()).to.equal(900);
  });

  it("charges for bulk operations by their length", () => {
    const guest = metered(1000, 1000);
    guest.call("fill", 25_600);
    expect(guest.fuel()).to.equal(900);
  });

  it("charges for arrays and for more of a table by their length", () => {
    // (type (array (mut i8))) (table 0 externref); "array" makes one of that many elements, "grow" a table longer.
    const module = Uint8Array.of(
      ...PREAMBLE,
      ...section(1, [2, 0x60, 1, 0x7f, 0, 0x5e, 0x78, 1]),
      ...section(3, [2, 0, 0]),
      ...section(4, [1, 0x6f, 0, 0]),
      ...section(7, [2, ...exported("array", 0, 0), ...exported("grow", 0, 1)]),
      ...section(10, [2, ...body(0x20, 0, 0xfb, 7, 1, 0x1a), ...body(0xd0, 0x6f, 0x20, 0, 0xfc, 15, 0, 0x1a)]),
    );
    for (const name of ["array", "grow"]) {
      const { exports } = new wasm.Instance(new wasm.Module(meterModule(module)), {});
      const fuel = exports[METER_EXPORTS.fuel] as CoreGlobal;
      fuel.value = 1000;
      (exports[name] as CoreFunction)(25_600);
      expect(fuel.value, name).to.equal(900);
    }
  });

  it("charges nothing for the rest", () => {
    const guest = metered(1000, 1000);
    guest.call("plain");
    expect(guest.fuel()).to.equal(1000);
  });

  for (const [name, argument] of [
    ["loop", 1000],
    ["recurse", 1000],
    ["fill", 65_536],
  ] as const) {
    it(`asks for fuel in ${name} when there is none left, with its id, and traps if it gets none`, () => {
      const guest = metered(50, -1);
      expect(() => guest.call(name, argument)).to.throw(wasm.RuntimeError, /unreachable/);
      expect(new Set(guest.asked)).to.deep.equal(new Set([42]));
    });
  }

  it("goes on as often as it gets fuel", () => {
    const guest = metered(0, 100);
    expect(guest.call("loop", 1000)).to.equal(7);
    expect(guest.asked).to.have.length(10);
  });
});
