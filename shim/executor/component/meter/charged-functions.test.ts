import { expect } from "chai";
import { array, assert, integer, property } from "fast-check";
import { describe, it } from "mocha";
import { chargedFunctions } from "./charged-functions.ts";

/** Of functions so small that only circles count. */
function cycleHeads(callees: readonly (readonly number[])[]): ReadonlySet<number> {
  return chargedFunctions(callees, []).charged;
}

describe("chargedFunctions()", () => {
  for (const [what, callees, heads] of [
    ["no calls", [[], []], []],
    ["a chain", [[1], [2], []], []],
    ["a diamond", [[1, 2], [3], [3], []], []],
    ["a function that calls itself", [[0]], [0]],
    ["two that call each other", [[1], [0]], [0]],
    ["a circle behind a chain", [[1], [2], [3], [1]], [1]],
    ["functions of others", [[-1, 7]], []],
  ] as const) {
    it(`finds them for ${what}`, () => {
      expect([...cycleHeads(callees)]).to.deep.equal(heads);
    });
  }

  it("leaves no circle without a head", () => {
    const graphs = array(array(integer({ min: -1, max: 12 }), { maxLength: 4 }), { maxLength: 12 });
    assert(
      property(graphs, (callees) => {
        const heads = cycleHeads(callees);
        const rest = callees.map((called, func) =>
          heads.has(func) ? [] : called.filter((callee) => !heads.has(callee)),
        );
        expect([...cycleHeads(rest)]).to.deep.equal([]);
      }),
    );
  });

  it("walks along chains that are longer than any stack", () => {
    const callees = Array.from({ length: 200_000 }, (_, func) => [func + 1]);
    expect(cycleHeads(callees).size).to.equal(0);
  });

  for (const [what, callees, sizes, charged] of [
    ["none where little runs", [[1], []], [400, 600], []],
    ["one whose body is large", [[], [0]], [1001, 10], [0]],
    ["the caller where both together are large", [[1], []], [401, 600], [0]],
    ["each call, of the same function too", [[1, 1, 1], []], [1, 400], [0]],
    ["no caller of one that costs already", [[1, 1, 1], []], [1, 5000], [1]],
    ["nothing of functions of the host", [[-1, -1, 9]], [1000], []],
  ] as const) {
    it(`charges ${what}`, () => {
      expect([...chargedFunctions(callees, sizes).charged]).to.deep.equal(charged);
    });
  }

  it("lets no chain of doublings run for long", () => {
    const callees = Array.from({ length: 64 }, (_, func) => (func === 0 ? [] : [func - 1, func - 1]));
    const { charged } = chargedFunctions(
      callees,
      callees.map(() => 4),
    );
    expect(charged.size).to.be.within(6, 16);
    const runs: number[] = []; // Instructions between two charges.
    for (const [func, called] of callees.entries()) {
      runs.push(4 + called.reduce((sum, callee) => sum + (charged.has(callee) ? 0 : (runs[callee] ?? 0)), 0));
      expect(runs[func]).to.be.lessThan(2100);
    }
  });
});
