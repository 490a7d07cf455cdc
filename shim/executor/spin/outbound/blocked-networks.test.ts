import { expect } from "chai";
import { describe, it } from "mocha";
import { parseBlockedNetworks } from "./blocked-networks.ts";

describe("parseBlockedNetworks()", () => {
  for (const [entries, address, expected] of [
    [[], "1.1.1.1", false],
    [["123.123.0.0/16", "2001::/96"], "123.123.1.1", true],
    [["123.123.0.0/16", "2001::/96"], "::ffff:123.123.1.1", true],
    [["123.123.0.0/16", "2001::/96"], "2001::1000", true],
    [["123.123.0.0/16", "2001::/96"], "2002::1000", false],
    [["1.1.1.1"], "1.1.1.1", true],
    [["1.1.1.1"], "1.1.1.2", false],
    [["::/0"], "1.1.1.2", false],
    [["private"], "123.123.123.123", false],
    [["private"], "2600::beef", false],
    ...[
      "0.0.0.0",
      "10.10.10.10",
      "100.64.1.1",
      "127.0.0.1",
      "169.254.0.1",
      "192.0.0.1",
      "224.0.0.1",
      "255.255.255.255",
      "::1",
      "::10.0.0.1",
      "::ffff:10.10.10.10",
      "64:ff9b::a00:1",
      "2002:a00:1::1",
      "fc00::f00d",
      "fe80::1",
    ].map((hidden) => [["private"], hidden, true] as const),
  ] as const) {
    it(`says ${String(expected)} to ${address} for ${JSON.stringify(entries)}`, () => {
      expect(parseBlockedNetworks(entries).has(address)).to.equal(expected);
    });
  }

  for (const entry of ["10.0.0.0/33", "::/129", "10.0.0.0/8/8", "10.0.0.0/", "example.com", "Private", ""]) {
    it(`refuses "${entry}"`, () => {
      expect(() => parseBlockedNetworks([entry]))
        .to.throw(`Cannot use ${JSON.stringify(entry)} in block_networks`)
        .with.property("code", "INVALID");
    });
  }

  it("refuses too many", () => {
    expect(() => parseBlockedNetworks(Array<string>(4097).fill("1.1.1.1"))).to.throw("the limit is 4096");
  });
});
