import { expect } from "chai";
import { array, assert, integer, oneof, property, tuple } from "fast-check";
import { describe, it } from "mocha";
import {
  type SocketAddress,
  assertOfFamily,
  assertRemote,
  assertUnicast,
  ipAddressOf,
  nodeAddressOf,
  socketAddressOf,
} from "./address.ts";

function v4(address: readonly number[], port = 80): SocketAddress {
  return { tag: "ipv4", val: { port, address } };
}

function v6(address: readonly number[], port = 80): SocketAddress {
  return { tag: "ipv6", val: { port, flowInfo: 0, address, scopeId: 0 } };
}

describe("ipAddressOf()", () => {
  for (const [text, parts] of [
    ["::", [0, 0, 0, 0, 0, 0, 0, 0]],
    ["::1", [0, 0, 0, 0, 0, 0, 0, 1]],
    ["fe80::1%eth0", [0xfe80, 0, 0, 0, 0, 0, 0, 1]],
    ["2001:db8::a:0", [0x2001, 0xdb8, 0, 0, 0, 0, 10, 0]],
    ["::ffff:1.2.3.4", [0, 0, 0, 0, 0, 0xffff, 0x0102, 0x0304]],
    ["1.2.3.4", [1, 2, 3, 4]],
  ] as const) {
    it(`parses ${text}`, () => {
      expect(ipAddressOf(text).val).to.deep.equal(parts);
    });
  }
});

describe("nodeAddressOf()", () => {
  it("is undone by socketAddressOf()", () => {
    const port = integer({ min: 0, max: 65_535 });
    const four = tuple(array(integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 }), port);
    const six = tuple(array(integer({ min: 0, max: 65_535 }), { minLength: 8, maxLength: 8 }), port);
    const all = oneof(
      four.map(([parts, at]) => v4(parts, at)),
      six.map(([parts, at]) => v6(parts, at)),
    );
    assert(
      property(all, (address) => {
        expect(socketAddressOf(nodeAddressOf(address))).to.deep.equal(address);
      }),
    );
  });
});

describe("assertOfFamily()", () => {
  it("takes addresses of the socket's family", () => {
    assertOfFamily(v4([0, 0, 0, 0]), "ipv4");
    assertOfFamily(v4([224, 0, 0, 1]), "ipv4");
    assertOfFamily(v6([0, 0, 0, 0, 0, 0, 0, 1]), "ipv6");
    assertOfFamily(v6([0, 0, 0, 0, 0, 0, 0, 0]), "ipv6");
  });

  for (const [what, address, family] of [
    ["of the other family", v4([1, 2, 3, 4]), "ipv6"],
    ["of IPv4 in IPv6", v6([0, 0, 0, 0, 0, 0xffff, 1, 2]), "ipv6"],
    ["of IPv4 in IPv6, as it was said before", v6([0, 0, 0, 0, 0, 0, 0x7f00, 1]), "ipv6"],
  ] as const) {
    it(`refuses addresses ${what}`, () => {
      expect(() => {
        assertOfFamily(address, family);
      }).to.throw("invalid-argument");
    });
  }
});

describe("assertUnicast()", () => {
  for (const [what, address] of [
    ["many receivers", v4([224, 0, 0, 1])],
    ["the last of many receivers", v4([239, 255, 255, 255])],
    ["all receivers", v4([255, 255, 255, 255])],
    ["many receivers in IPv6", v6([0xff02, 0, 0, 0, 0, 0, 0, 1])],
  ] as const) {
    it(`refuses addresses of ${what}`, () => {
      expect(() => {
        assertUnicast(address);
      }).to.throw("invalid-argument");
    });
  }

  it("leaves the other addresses to the kernel, those that nobody has too", () => {
    for (const address of [v4([127, 0, 0, 1]), v4([240, 0, 0, 1]), v6([0xfe80, 0, 0, 0, 0, 0, 0, 1])]) {
      assertUnicast(address);
    }
  });
});

describe("assertRemote()", () => {
  it("refuses port 0 and the address of nobody", () => {
    for (const address of [v4([1, 2, 3, 4], 0), v4([0, 0, 0, 0]), v6([0, 0, 0, 0, 0, 0, 0, 0])]) {
      expect(() => {
        assertRemote(address);
      }).to.throw("invalid-argument");
    }
    assertRemote(v4([1, 2, 3, 4]));
  });
});
