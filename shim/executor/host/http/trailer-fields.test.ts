import { expect } from "chai";
import { describe, it } from "mocha";
import { hasTrailers, sentTrailers } from "./trailer-fields.ts";

describe("hasTrailers()", () => {
  it("says so of a message that declares them and has no length", () => {
    expect(hasTrailers(["a", "trailer", "trailer", "x"])).to.equal(true);
    for (const headers of [[], ["a", "trailer"], ["trailer", "x", "content-length", "1"]]) {
      expect(hasTrailers(headers)).to.equal(false);
    }
  });
});

describe("sentTrailers()", () => {
  it("leaves out what was not declared, and what no trailer may be", () => {
    const headers = ["trailer", " X-A ,te", "b", "x-b", "trailer", "content-length,x-c"];
    const trailers = ["x-a", "1", "x-b", "2", "te", "3", "x-c", "4", "content-length", "5", "x-a", "6"];
    expect(sentTrailers(headers, trailers)).to.deep.equal([
      ["x-a", "1"],
      ["x-c", "4"],
      ["x-a", "6"],
    ]);
  });
});
