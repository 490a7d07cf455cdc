import { expect } from "chai";
import { describe, it } from "mocha";
import { parseDuration } from "./duration.ts";

describe("parseDuration()", () => {
  it("reads times", () => {
    const texts = ["15s", "1m30s", "500ms", "2h", "0s", "15", "", "s", "1.5s", "-1s", "1d"];
    const times = [15_000, 90_000, 500, 7_200_000, 0, undefined, undefined, undefined, undefined, undefined, undefined];
    expect(texts.map((text) => parseDuration(text))).to.deep.equal(times);
  });
});
