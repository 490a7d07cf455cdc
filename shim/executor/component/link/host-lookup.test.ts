import { expect } from "chai";
import { HostLookup, serves } from "./host-lookup.ts";

describe("serves()", () => {
  const cases: readonly (readonly [imported: string, name: string, version: string | undefined, expected: boolean])[] =
    [
      ["wasi:io/streams@0.2.0", "wasi:io/streams", "0.2.12", true],
      ["wasi:io/streams@0.2.99", "wasi:io/streams", "0.2.12", true],
      ["wasi:io/streams@0.3.0", "wasi:io/streams", "0.2.12", false],
      ["wasi:io/poll@0.2.0", "wasi:io/streams", "0.2.12", false],
      ["wasi:io/streams", "wasi:io/streams", "0.2.12", false],
      ["wasi:io/streams@0.2.0-rc-2023-11-10", "wasi:io/streams", "0.2.12", false],
      ["a:b/c@0.2.0-draft", "a:b/c", "0.2.0-draft", true],
      ["a:b/c@1.0.0", "a:b/c", "1.9.3", true],
      ["a:b/c@2.0.0", "a:b/c", "1.9.3", false],
      ["a:b/c@0.0.1", "a:b/c", "0.0.2", false],
      ["a:b/c@0.0.2", "a:b/c", "0.0.2", true],
      ["a:b/c", "a:b/c", undefined, true],
      ["", "", undefined, true],
    ];
  for (const [imported, name, version, expected] of cases) {
    it(`says ${expected} for "${imported}" by "${name}@${version}"`, () => {
      expect(serves(imported, name, version)).to.equal(expected);
    });
  }
});

describe("HostLookup", () => {
  const one = { call: (): number => 1 };
  function lookup(): HostLookup<undefined> {
    return new HostLookup([{ name: "a:b/c", version: "1.2.0", functions: { one }, resources: { thing: {} } }]);
  }

  it("finds what the host offers", () => {
    const hosts = lookup();
    expect(hosts.func("a:b/c@1.0.0", "one")).to.equal(one);
    expect(hosts.resource("a:b/c@1.0.0", "thing")).to.deep.equal({});
    hosts.check();
  });

  it("names all that is missing, each once", () => {
    const hosts = lookup();
    for (const name of ["two", "two", "toString"]) expect(hosts.func("a:b/c@1.0.0", name)).to.equal(undefined);
    hosts.func("", "plain");
    hosts.resource("x:y/z", "r");
    const message = "does not offer a:b/c@1.0.0#toString, a:b/c@1.0.0#two, plain, resource x:y/z#r";
    expect(() => hosts.check()).to.throw(message);
  });

  it("says what to do about what it knows and does not offer, each thing once", () => {
    const known = { version: "2.0.0", functions: {}, resources: {}, advice: "ask elsewhere" };
    const hosts = new HostLookup([
      { ...known, name: "a:b/c" },
      { ...known, name: "a:b/d" },
    ]);
    for (const name of ["a:b/c@2.0.0", "a:b/c@2.1.0", "a:b/d@2.0.0", "a:b/d@3.0.0"]) hosts.func(name, "one");
    const missing = ["a:b/c@2.0.0#one", "a:b/c@2.1.0#one", "a:b/d@2.0.0#one", "a:b/d@3.0.0#one"].join(", ");
    expect(() => hosts.check()).to.throw(`does not offer ${missing} (ask elsewhere)`);
  });
});
