import { readFileSync } from "node:fs";
import type { HostFunction, HostInterface, Instance, WitValue } from "@rcm/shim/executor/component/host-interface";
import { link } from "@rcm/shim/executor/component/link/link";
import { prepare } from "@rcm/shim/executor/component/prepare/prepare";
import { expect } from "chai";
import { buildGuest } from "../guests/build-guest.ts";
import { instantiateByJco } from "./executor-component-jco.ts";
import { canonicalText, ECHOES, SUM_ARGUMENTS } from "./executor-component-values.ts";

const BUILD_MS = 900_000;

class Thing {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

interface State {
  readonly dropped: Thing[];
}

function sum(values: readonly unknown[]): number {
  return values.reduce<number>((total, value) => total + valueOf(value), 0);
}

function valueOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (ArrayBuffer.isView(value)) return sum([...(value as Uint8Array)]);
  return typeof value === "object" && value !== null ? sum(Object.values(value)) : Number(value ?? 0);
}

/** What the guest passes on to the host comes back as it is; bytes are views, which hold only during the call. */
function valuesHost(seen: unknown[]): HostInterface<State> {
  const echo: HostFunction<State> = {
    call: (_state, value) => {
      seen.push(structuredClone(value));
      return value instanceof Uint8Array ? value.slice() : structuredClone(value);
    },
  };
  return {
    name: "rcm:values/host",
    version: undefined,
    functions: {
      ...Object.fromEntries(Object.keys(ECHOES).map((name) => [name, echo])),
      sum: { call: (_state, ...values) => sum(values) },
      "[constructor]thing": { call: (_state, name: string) => new Thing(name) },
      "[method]thing.name": { call: (_state, thing: Thing) => thing.name },
      "[static]thing.join": { call: (_state, left: Thing, right: Thing) => new Thing(left.name + right.name) },
    },
    resources: { thing: { drop: (rep: object, { dropped }: State) => void dropped.push(rep as Thing) } },
  };
}

function call(instance: Instance<State>, name: string, ...args: readonly WitValue[]): WitValue {
  const [iface = "", func = ""] = name.includes("#") ? name.split("#") : ["", name];
  return instance.func(iface, func)?.call(...args);
}

describe("a component with every kind of WIT value", function () {
  this.timeout(BUILD_MS);
  const seen: unknown[] = [];
  let bytes: Uint8Array;
  let instance: Instance<State>;
  let reference: Readonly<Record<string, unknown>>;

  before(async () => {
    bytes = readFileSync(await buildGuest("rust-values"));
    instance = link(prepare(bytes), [valuesHost(seen)]).instantiate({ dropped: [] });
    reference = await instantiateByJco(bytes, { "rcm:values/host": referenceHost() });
  });

  for (const [name, values] of Object.entries(ECHOES)) {
    it(`gives back what ${name} takes, as jco does`, () => {
      for (const value of values) {
        seen.length = 0;
        const result = call(instance, name, value as WitValue);
        expect(canonicalText(result)).to.equal(canonicalText(value));
        expect(seen.map(canonicalText), "what the host saw").to.deep.equal([canonicalText(value)]);
        expect(canonicalText(callReference(reference, name, value)), "jco").to.equal(canonicalText(value));
      }
    });
  }

  it("passes 20 core values through memory", () => {
    expect(call(instance, "sum", ...SUM_ARGUMENTS)).to.equal(sum(SUM_ARGUMENTS));
  });

  it("hands resources of the host to the guest and back, and drops them when the guest does", () => {
    const { dropped } = instance.state;
    expect(call(instance, "join-things", "left", "right")).to.equal("leftright");
    expect(dropped.map(({ name }) => name).toSorted()).to.deep.equal(["leftright", "right"]);
    const thing = new Thing("given");
    expect(call(instance, "look-at-thing", thing)).to.equal("given");
    expect(dropped, "a borrow is not dropped").to.not.include(thing);
    expect(call(instance, "take-thing", thing)).to.equal("given");
    expect(dropped).to.include(thing);
  });

  it("hands resources of the guest to the host and back, and runs their destructors", () => {
    const left = call(instance, "rcm:values/counters#[constructor]counter", 40) as { drop(): void };
    const right = call(instance, "rcm:values/counters#[constructor]counter", 1) as { drop(): void };
    expect(call(instance, "rcm:values/counters#[method]counter.add", left, 1)).to.equal(41);
    const merged = call(instance, "rcm:values/counters#[static]counter.merge", left, right) as { drop(): void };
    expect(call(instance, "rcm:values/counters#[method]counter.add", merged, 0)).to.equal(42);
    const before = Number(call(instance, "rcm:values/counters#dropped"));
    merged.drop();
    merged.drop();
    right.drop();
    left.drop();
    expect(call(instance, "rcm:values/counters#dropped")).to.equal(before + 2);
  });

  it("is as new after a reset", () => {
    const fresh = link(prepare(bytes), [valuesHost([])]).instantiate({ dropped: [] });
    for (let round = 0; round < 3; round += 1) {
      expect(call(fresh, "count")).to.equal(1);
      expect(call(fresh, "count")).to.equal(2);
      expect(call(fresh, "echo-many", { f1: true })).to.have.property("f1", true);
      expect(fresh.reset(), "reset").to.equal(true);
    }
  });

  it("is used up after a trap", () => {
    const fresh = link(prepare(bytes), [valuesHost([])]).instantiate({ dropped: [] });
    expect(() => call(fresh, "fail", 0)).to.throw("unreachable");
    expect(() => call(fresh, "count")).to.throw("used up");
    expect(fresh.reset()).to.equal(false);
  });

  it("is not reset when its memory has grown", () => {
    const fresh = link(prepare(bytes), [valuesHost([])]).instantiate({ dropped: [] });
    const before = fresh.memoryBytes();
    call(fresh, "fail", 4_000_000);
    expect(fresh.memoryBytes()).to.be.greaterThan(before);
    expect(fresh.reset()).to.equal(false);
  });

  it("can not take more memory than was allowed", () => {
    const small = link(prepare(bytes, { maxMemoryPages: 64 }), [valuesHost([])]).instantiate({ dropped: [] });
    expect(() => call(small, "fail", 8_000_000)).to.throw("the guest trapped");
  });

  it("is refused with the names of all that the host does not offer", () => {
    const host = { ...valuesHost([]), functions: {}, resources: {} };
    expect(() => link(prepare(bytes), [host])).to.throw(/does not offer .*rcm:values\/host#echo-bool, .*resource/);
  });

  it("gives the same when another component takes the host's place", async () => {
    const composed = link(prepare(readFileSync(await buildGuest("composed-values"))), []).instantiate(undefined);
    for (const [name, values] of Object.entries(ECHOES)) {
      for (const value of values) {
        const result = composed.func("", name)?.call(value as WitValue);
        expect(canonicalText(result), name).to.equal(canonicalText(value));
      }
    }
    expect(composed.func("", "sum")?.call(...SUM_ARGUMENTS)).to.equal(sum(SUM_ARGUMENTS));
    expect(composed.func("", "join-things")?.call("left", "right")).to.equal("leftright");
    expect(composed.func("", "count")?.call()).to.equal(1);
  });
});

function referenceHost(): Readonly<Record<string, unknown>> {
  const names = Object.keys(ECHOES).map((name) => [camelCase(name), (value: unknown) => unwrap(name, value)] as const);
  class ReferenceThing {
    name(): string {
      return "";
    }
    static join(left: ReferenceThing): ReferenceThing {
      return left;
    }
  }
  return { ...Object.fromEntries(names), sum: (...values: readonly unknown[]) => sum(values), Thing: ReferenceThing };
}

/** jco has results of functions as values that are returned, and errors that are thrown. */
function unwrap(name: string, value: unknown): unknown {
  if (!name.startsWith("echo-res")) return ArrayBuffer.isView(value) ? structuredClone(value) : value;
  const { tag, val } = value as { readonly tag: string; readonly val: unknown };
  if (tag === "ok") return val;
  // eslint-disable-next-line typescript/only-throw-error -- As jco has it.
  throw { payload: val };
}

function callReference(exports: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  const func = exports[camelCase(name)] as (value: unknown) => unknown;
  if (!name.startsWith("echo-res")) return func(value);
  try {
    return { tag: "ok", val: func(value) };
  } catch (error) {
    return { tag: "err", val: error };
  }
}

function camelCase(name: string): string {
  return name.replaceAll(/-(.)/g, (_match, letter: string) => letter.toUpperCase());
}
