import { expect } from "chai";
import { describe, it } from "mocha";
import { addressText, exceeds, pathIn } from "./client-request.ts";

describe("pathIn()", () => {
  for (const [target, path] of [
    ["/a?b=c", "/a?b=c"],
    ["/http://x/a", "/http://x/a"],
    ["http://example.test/a?b", "/a?b"],
    ["http://example.test", "/"],
    ["*", "*"],
    ["x://[", "x://["],
    [undefined, undefined],
  ] as const) {
    it(`of ${String(target)} is ${String(path)}`, () => expect(pathIn(target)).to.equal(path));
  }
});

describe("addressText()", () => {
  it("has brackets around IPv6", () => {
    expect(addressText({ remoteAddress: "10.0.0.1", remotePort: 80 })).to.equal("10.0.0.1:80");
    expect(addressText({ remoteAddress: "::1", remotePort: 80 })).to.equal("[::1]:80");
    expect(addressText({})).to.equal("0.0.0.0:0");
  });
});

describe("exceeds()", () => {
  for (const [length, maxRequestBodyBytes, isSo] of [
    ["11", 10, true],
    ["10", 10, false],
    [undefined, 10, false],
    ["99", Number.POSITIVE_INFINITY, false],
  ] as const) {
    it(`is ${String(isSo)} for ${String(length)} of ${maxRequestBodyBytes}`, () => {
      expect(exceeds(length, { maxRequestBodyBytes, maxTrailerBytes: 1 })).to.equal(isSo);
    });
  }
});
