import { expect } from "chai";
import { describe, it } from "mocha";
import { parseRequest } from "./request.ts";

const GOOD = {
  operation: "install",
  shim: "spin-v2",
  shimUid: "u",
  handler: "spin",
  artifact: { location: "https://a/b", sha256: "ab" },
  options: { SystemdCgroup: "true" },
  hash: "h",
  node: { name: "n", uid: "u", machineId: "m", architecture: "amd64" },
} as const;

describe("parseRequest()", () => {
  it("reads what the manager writes", () => {
    expect(parseRequest(JSON.stringify(GOOD))).to.deep.equal(GOOD);
  });

  it("reads an order without an artifact and without options", () => {
    const { artifact: _artifact, options: _options, ...order } = GOOD;
    expect(parseRequest(JSON.stringify(order))).to.deep.equal({ ...order, options: {} });
  });

  const BAD: readonly (readonly [string, string | undefined, string])[] = [
    ["nothing", undefined, "RCM_REQUEST is not set"],
    ["no JSON", "{", "it is not JSON"],
    ["a list", "[]", "it is not an object"],
    ["another operation", JSON.stringify({ ...GOOD, operation: "format" }), '"operation" is "format"'],
    ["a shim's name that is a path", JSON.stringify({ ...GOOD, shim: "../x" }), '"shim" is "../x"'],
    ["a handler with a dot pair", JSON.stringify({ ...GOOD, handler: "a..b" }), '"handler" is "a..b"'],
    ["an option that is no string", JSON.stringify({ ...GOOD, options: { a: 1 } }), '"a" is not a string'],
    ["no node", JSON.stringify({ ...GOOD, node: undefined }), '"node" is not an object'],
  ];
  for (const [what, text, words] of BAD) {
    it(`refuses ${what}`, () => {
      expect(() => parseRequest(text))
        .to.throw(words)
        .with.property("code", "RequestInvalid");
    });
  }
});
