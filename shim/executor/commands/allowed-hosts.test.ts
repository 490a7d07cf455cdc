import { expect } from "chai";
import { describe, it } from "mocha";
import { isAllowedHost } from "./allowed-hosts.ts";

describe("isAllowedHost()", () => {
  for (const [allowed, host, port, expected] of [
    [undefined, "any.test", 1, true],
    [[], "any.test", 1, false],
    [["a.test"], "a.test", 1, true],
    [["a.test:80"], "a.test", 80, true],
    [["a.test:80"], "a.test", 81, false],
    [["a.test"], "b.a.test", 80, false],
    [["*.a.test"], "b.a.test", 80, true],
    [["*.a.test"], "a.test", 80, false],
    [["*.a.test"], "ba.test", 80, false],
    [["*.a.test:443"], "b.a.test", 80, false],
    [["[::1]:80"], "[::1]", 80, true],
    [["x.test", "a.test"], "a.test", 1, true],
  ] as const) {
    it(`says ${expected} to ${host}:${port} for ${JSON.stringify(allowed)}`, () => {
      expect(isAllowedHost(allowed, { scheme: "http", host, port, pathWithQuery: "/" })).to.equal(expected);
    });
  }
});
