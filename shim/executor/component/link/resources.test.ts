import { expect } from "chai";
import type { GuestResource, HostInterface, Instance } from "../host-interface.ts";
import { prepare } from "../prepare/prepare.ts";
import { guestResourceComponent } from "../testing/guest-resource-component.ts";
import { resourceComponent, wrappedResourceComponent, type ResourceCode } from "../testing/resource-component.ts";
import { findElision } from "./elide.ts";
import { link } from "./link.ts";

class Thing {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

const HOST: HostInterface<number[]> = {
  name: "test:host/api",
  version: "1.2.0",
  functions: {
    "[constructor]thing": { call: () => new Thing(42) },
    "[method]thing.value": { call: (_dropped, thing: Thing) => thing.value },
  },
  resources: {
    thing: {
      drop(rep, dropped, at) {
        if (rep instanceof Thing) dropped.push(at === "call" ? rep.value : -rep.value);
      },
    },
  },
};

/** local 0 = new() */
const MAKE = [0x10, 0, 0x21, 0];
const VALUE_OF_IT = [0x20, 0, 0x10, 1];
const DROP_IT = [0x20, 0, 0x10, 2];
const LOOK = [0x20, 0, 0x10, 1, ...DROP_IT];

function start(code: Partial<ResourceCode>): Instance<number[]> {
  const component = resourceComponent({ run: [0x41, 0], look: LOOK, ...code });
  return link(prepare(component), [HOST]).instantiate([]);
}

describe("resources of the host", () => {
  it("are made, used and dropped by the guest", () => {
    const instance = start({ run: [...MAKE, ...VALUE_OF_IT, ...DROP_IT] });
    expect(instance.func("", "run")?.call()).to.equal(42);
    expect(instance.state).to.deep.equal([42]);
  });

  it("are handed on to a component within", () => {
    const component = wrappedResourceComponent({ run: [...MAKE, ...VALUE_OF_IT, ...DROP_IT], look: LOOK });
    const instance = link(prepare(component), [HOST]).instantiate([]);
    expect(instance.func("", "run")?.call()).to.equal(42);
    expect(instance.func("", "look")?.call(new Thing(5))).to.equal(5);
    expect(instance.state).to.deep.equal([42]);
  });

  it("are borrowed for one call", () => {
    const instance = start({});
    expect(instance.func("", "look")?.call(new Thing(5))).to.equal(5);
    expect(instance.state, "a borrow is not the resource").to.deep.equal([]);
  });

  it("must be given back before the call ends", () => {
    const instance = start({ look: VALUE_OF_IT });
    expect(() => void instance.func("", "look")?.call(new Thing(5))).to.throw("1 borrowed handles were not dropped");
  });

  it("are the host's objects and nothing else", () => {
    expect(() => void start({}).func("", "look")?.call(5)).to.throw('a handle of "thing": got number');
  });

  const wrong: readonly (readonly [what: string, run: readonly number[], trap: string])[] = [
    ["that was never opened", [0x41, 9, 0x10, 1], "handle 9 is not open"],
    ["that was dropped", [...MAKE, ...DROP_IT, ...VALUE_OF_IT], "handle 1 is not open"],
    ["that was dropped, again", [...MAKE, ...DROP_IT, ...DROP_IT, 0x41, 0], "handle 1 is not open"],
  ];
  for (const [what, run, trap] of wrong) {
    it(`cannot be used by a handle ${what}`, () => {
      const func = start({ run }).func("", "run");
      expect(() => void func?.call()).to.throw(trap);
      expect(() => void func?.call()).to.throw("used up");
    });
  }

  it("are dropped when the instance is reset or disposed of", () => {
    const instance = start({ run: [...MAKE, ...VALUE_OF_IT] });
    void instance.func("", "run")?.call();
    expect(instance.reset()).to.equal(true);
    expect(instance.state).to.deep.equal([-42]);
    instance.state = [];
    void instance.func("", "run")?.call();
    instance.dispose();
    expect(instance.state, "by the state of now").to.deep.equal([-42]);
    expect(instance.reset()).to.equal(false);
  });
});

function items(): Instance<undefined> {
  return link<undefined>(prepare(guestResourceComponent()), []).instantiate(undefined);
}

function make(instance: Instance<undefined>): GuestResource {
  const item = instance.func("", "make")?.call();
  if (typeof item === "object" && "drop" in item) return item as GuestResource;
  throw new Error("It made nothing");
}

describe("resources of a guest", () => {
  it("are held by the host, lent, and given back", () => {
    const instance = items();
    const item = make(instance);
    expect(item.kind).to.equal("guest-resource");
    expect(instance.func("", "read")?.call(item)).to.equal(7);
    expect(instance.func("", "take")?.call(item)).to.equal(7);
    expect(instance.func("", "dropped")?.call()).to.equal(1);
  });

  it("are destroyed when the host drops them, once", () => {
    const instance = items();
    const item = make(instance);
    item.drop();
    item.drop();
    expect(instance.func("", "dropped")?.call()).to.equal(1);
  });

  it("cannot be used after they were given away", () => {
    const instance = items();
    const item = make(instance);
    void instance.func("", "take")?.call(item);
    expect(() => void instance.func("", "read")?.call(item)).to.throw("not of the resource type");
  });

  it("cannot be used in another instance, nor after a reset", () => {
    const one = items();
    const item = make(one);
    expect(() => void items().func("", "read")?.call(item)).to.throw("of another instance");
    expect(one.reset()).to.equal(true);
    item.drop();
    expect(one.func("", "dropped")?.call(), "a drop of before the reset").to.equal(0);
    expect(() => void one.func("", "read")?.call(item)).to.throw("not of the resource type");
  });
});

describe("findElision()", () => {
  it("replaces the functions of a shim by what they call, and drops shim and fixup", () => {
    const { plan, modules } = prepare(resourceComponent({ run: [0x41, 0], look: LOOK }));
    const elision = findElision(plan, modules);
    const [shim] = plan.coreInstances;
    if (shim === undefined) throw new Error("There is no shim");
    expect([...elision.needless].map(({ id }) => id)).to.have.members([0, 2]);
    expect(["0", "1", "2"].map((name) => elision.replace(shim, name)?.kind)).to.deep.equal([
      "lowered",
      "lowered",
      "resource",
    ]);
  });
});
