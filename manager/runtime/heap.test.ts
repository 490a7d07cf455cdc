import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { Heap } from "./heap.ts";

describe("Heap", () => {
  it("gives its items back in order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap = new Heap<number>((a, b) => a < b);
        for (const number of numbers) heap.push(number);
        expect(heap.peek()).to.equal(numbers.length === 0 ? undefined : Math.min(...numbers));
        expect(numbers.map(() => heap.pop())).to.deep.equal(numbers.toSorted((a, b) => a - b));
        expect([heap.size, heap.pop()]).to.deep.equal([0, undefined]);
      }),
    );
  });
});
