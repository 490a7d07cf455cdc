import { expect } from "chai";
import { describe, it } from "mocha";
import { claim, mayTake, observe, release, type LeaseSpec } from "./lease.ts";

const TIME = new Date("2026-11-24T12:00:00.123Z");
const NOW = "2026-11-24T12:00:00.123000Z";
const OTHERS: LeaseSpec = {
  holderIdentity: "other",
  leaseDurationSeconds: 15,
  acquireTime: "2020-01-01T00:00:00.000000Z",
  renewTime: "2020-01-01T00:00:00.000000Z",
  leaseTransitions: 4,
};

describe("mayTake()", () => {
  const cases: readonly (readonly [sentence: string, spec: LeaseSpec, nowMs: number, may: boolean])[] = [
    ["a new lease", {}, 0, true],
    ["a released lease", { ...OTHERS, holderIdentity: "" }, 0, true],
    ["our own lease", { ...OTHERS, holderIdentity: "me" }, 0, true],
    ["another's lease that we have just seen, however old its time says it is", OTHERS, 0, false],
    ["another's lease until its duration is over", OTHERS, 14_999, false],
    ["another's lease after that", OTHERS, 15_000, true],
  ];
  for (const [sentence, spec, nowMs, may] of cases) {
    it(`is ${may} for ${sentence}`, () => {
      expect(mayTake({ spec, atMs: 0 }, "me", nowMs)).to.equal(may);
    });
  }
});

describe("observe()", () => {
  it("keeps the time of the first sight until something changes", () => {
    const first = observe(undefined, OTHERS, 100);
    const second = observe(first, { ...OTHERS }, 200);
    const renewed = observe(second, { ...OTHERS, renewTime: NOW }, 300);
    const moved = observe(renewed, { ...OTHERS, renewTime: NOW, holderIdentity: "third" }, 400);
    expect([first, second, renewed, moved].map(({ atMs }) => atMs)).to.deep.equal([100, 100, 300, 400]);
  });
});

describe("claim()", () => {
  it("counts the change of hands, but not the first holder", () => {
    const mine = { holderIdentity: "me", leaseDurationSeconds: 15, acquireTime: NOW, renewTime: NOW };
    expect(claim(undefined, "me", 15_000, TIME)).to.deep.equal({ ...mine, leaseTransitions: 0 });
    expect(claim(OTHERS, "me", 15_000, TIME)).to.deep.equal({ ...mine, leaseTransitions: 5 });
  });

  it("renews without a change of hands", () => {
    const held = { ...OTHERS, holderIdentity: "me" };
    expect(claim(held, "me", 15_000, TIME)).to.deep.equal({ ...held, renewTime: NOW });
  });

  it("never promises less than asked for", () => {
    expect(claim(undefined, "me", 2500, TIME).leaseDurationSeconds).to.equal(3);
  });
});

describe("release()", () => {
  it("leaves the lease to whoever comes first", () => {
    const released = release({ ...OTHERS, holderIdentity: "me" }, TIME);
    expect(released).to.include({ holderIdentity: "", leaseDurationSeconds: 1, leaseTransitions: 4 });
  });
});
