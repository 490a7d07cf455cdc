import { expect } from "chai";
import { describe, it } from "mocha";
import { lostPods } from "./health.ts";

describe("lostPods()", () => {
  it("names each pod once", () => {
    expect(lostPods(["default/a/x", "default/a/y", "other/b/x"])).to.deep.equal(["default/a", "other/b"]);
  });

  it("names ten at most, and no more than a report has room for", () => {
    const short = Array.from({ length: 20 }, (_, at) => `default/pod-${at}/c`);
    expect(lostPods(short)).to.have.length(10);
    const long = Array.from({ length: 20 }, (_, at) => `default/${"p".repeat(240)}-${at}/c`);
    expect(lostPods(long)).to.have.length(4);
  });
});
