import { expect } from "chai";
import { describe, it } from "mocha";
import { ObjectStore } from "./store.ts";

describe("ObjectStore", () => {
  it("says what changed, and nothing when nothing did", () => {
    const store = new ObjectStore<{ readonly ready: boolean }>();
    expect(store.set("a", { ready: false })).to.deep.equal({ key: "a", before: undefined, after: { ready: false } });
    expect(store.set("a", { ready: false })).to.equal(undefined);
    expect(store.set("a", { ready: true })).to.deep.include({ before: { ready: false }, after: { ready: true } });
    expect(store.delete("a")).to.deep.equal({ key: "a", before: { ready: true } });
    expect(store.delete("a")).to.equal(undefined);
  });

  it("takes over a list: what it does not have is gone", () => {
    const store = new ObjectStore<number>();
    for (const key of ["kept", "changed", "gone"]) store.set(key, 1);
    const list = [["kept", 1] as const, ["changed", 2] as const, ["new", 3] as const];
    expect(store.replace(list)).to.deep.equal([
      { key: "gone", before: 1 },
      { key: "changed", before: 1, after: 2 },
      { key: "new", before: undefined, after: 3 },
    ]);
    expect([...store.entries()]).to.have.deep.members([
      ["changed", 2],
      ["kept", 1],
      ["new", 3],
    ]);
    expect([store.size, store.get("new"), store.get("gone")]).to.deep.equal([3, 3, undefined]);
  });
});
