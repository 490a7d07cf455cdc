import { expect } from "chai";
import { array, assert, integer, property } from "fast-check";
import { describe, it } from "mocha";
import { cycleHeads } from "./call-cycles.ts";

describe("cycleHeads()", () => {
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
});
