import { expect } from "chai";
import { describe, it } from "mocha";
import { plainHeaders } from "./http2-request.ts";

describe("plainHeaders()", () => {
  for (const [says, raw, plain] of [
    ["leaves out pseudo-headers", [":method", "GET", ":path", "/", "a", "1", "a", "2"], ["a", "1", "a", "2"]],
    ["makes one field of cookies", ["cookie", "a=1", "b", "2", "cookie", "c=3"], ["b", "2", "cookie", "a=1; c=3"]],
    ["is empty without fields", [":method", "GET"], []],
  ] as const) {
    it(says, () => expect(plainHeaders(raw)).to.deep.equal(plain));
  }
});
