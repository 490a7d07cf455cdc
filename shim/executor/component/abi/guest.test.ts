import { expect } from "chai";
import { Guest, Store } from "./guest.ts";

const THING = 7;

function guest(): Guest {
  return new Guest(0, new Store(undefined));
}

describe("Guest", () => {
  it("may be called while a call into it is under way, each call with its own borrows", () => {
    const it = guest();
    it.enter();
    const outer = it.borrow(THING, { name: "outer" });
    it.enter();
    expect(it.entered).to.equal(true);
    const inner = it.borrow(THING, { name: "inner" });
    expect(() => it.exit()).to.throw("1 borrowed handles were not dropped");
    for (const handle of [inner, outer]) it.endBorrow(it.handles.take(handle, THING).borrowedAt ?? -1);
    it.exit();
    it.exit();
    expect(it.entered).to.equal(false);
  });

  it("holds what is lent until it is given back, however often", () => {
    const { handles } = guest();
    const handle = handles.addOwn(THING, 1);
    const first = handles.lending(() => handles.lend(handle, THING));
    const second = handles.lending(() => handles.lend(handle, THING));
    expect([first.value, second.lent]).to.deep.equal([1, [handle]]);
    for (const { lent } of [first, second]) {
      expect(() => handles.takeOwn(handle, THING)).to.throw("handle 1 is lent to a call under way");
      handles.giveBack(lent);
    }
    expect(handles.takeOwn(handle, THING)).to.equal(1);
  });

  it("lends nothing where nobody keeps count", () => {
    const { handles } = guest();
    const handle = handles.addOwn(THING, 1);
    expect(handles.lend(handle, THING)).to.equal(1);
    expect(handles.take(handle, THING)).to.deep.equal({ rep: 1, borrowedAt: undefined });
  });
});
