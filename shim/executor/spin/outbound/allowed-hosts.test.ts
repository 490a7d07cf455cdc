import { messageOf } from "@rcm/lib/errors";
import { expect } from "chai";
import { describe, it } from "mocha";
import { isAllowed, isSelfAllowed } from "./allowed-hosts.ts";
import { parseAddress } from "./outbound-target.ts";
import { parseAllowedHosts } from "./parse-allowed-hosts.ts";

describe("isAllowed()", () => {
  for (const [entry, address, expected] of [
    ["http://example.com", "http://example.com", true],
    ["http://example.com/", "http://example.com/path?q", true],
    ["http://example.com", "https://example.com", false],
    ["http://example.com", "http://example.com:8080", false],
    ["http://example.com", "http://example.com.evil.test", false],
    ["http://Example.COM", "http://eXample.com", true],
    ["http://example.com:8080", "http://example.com:8080", true],
    ["http://example.com:8080/", "http://example.com:8080", true],
    ["http://example.com:8080", "http://example.com", false],
    ["http://example.com:*", "http://example.com:1", true],
    ["http://example.com:8000..8002", "http://example.com:8001", true],
    ["http://example.com:8000..8002", "http://example.com:8002", false],
    ["http://example.com:8000..8002", "http://example.com:7999", false],
    ["*://example.com:*", "redis://example.com", true],
    ["*://*:*", "foo://anything:1", true],
    ["*://*:*", "foo://anything", true],
    ["*://*:443", "foo://anything", false],
    ["*://*:443", "https://anything", true],
    ["http://*", "http://anything", true],
    ["http://*", "http://anything:81", false],
    ["https://*.example.com", "https://a.b.example.com", true],
    ["https://*.example.com", "https://example.com", false],
    ["https://*.example.com", "https://badexample.com", false],
    ["redis://redis", "redis://:pass@redis", true],
    ["redis://redis", "redis", true],
    ["redis://redis:6380", "redis:6380", true],
    ["redis://redis", "redis://redis:6380", false],
    ["mysql://db", "mysql://u:p@db:3306/x", true],
    ["postgres://db:5433", "postgres://db:5433", true],
    ["mqtt://broker", "mqtt://broker:1883", true],
    ["tcp://10.0.0.0/8:*", "tcp://10.1.2.3:7", true],
    ["tcp://10.0.0.0/8:*", "tcp://[::ffff:10.1.2.3]:7", true],
    ["tcp://10.0.0.0/8:*", "tcp://11.1.2.3:7", false],
    ["tcp://10.0.0.0/8:*", "tcp://ten.test:7", false],
    ["tcp://127.0.0.1:5000", "tcp://127.0.0.1:5000", true],
    ["*://127.0.0.1:5000", "udp://127.0.0.1:5000", true],
    ["tcp://::/0:*", "tcp://[fd00::1]:7", true],
    ["tcp://::/0:*", "tcp://1.2.3.4:7", false],
    ["tcp://[fd00::]/8:80..90", "tcp://[fd00::1]:85", true],
    ["http://[::1]", "http://[::1]", true],
    ["http://[0:0::1]:80", "http://[::1]:80", true],
    ["http://::1", "http://[::1]", true],
    ["http://self", "http://self", false],
    ["http://*.spin.internal", "http://back.spin.internal", true],
    ["*://*.spin.internal", "http://back.spin.internal", true],
    ["*://back.spin.internal", "http://front.spin.internal", false],
    ["foo://a_b-c.test:1", "foo://a_b-c.test:1", true],
    [" http://example.com ", "http://example.com", true],
    // The part before an @ is no host, and what could be two hosts is none.
    ["http://good.test", "http://evil.test@good.test", true],
    ["http://good.test", "http://good.test@evil.test", false],
    ["http://good.test", "http://evil.test?@good.test", false],
    ["http://good.test", "evil.test?@good.test", false],
    ["http://good.test", String.raw`http://evil.test\@good.test`, false],
    ["http://good.test", "http://evil.test#@good.test", false],
    ["redis://redis", "redis://user:pa#ss?w%rd@redis", true],
    ["redis://redis", "redis://user:p@ss@redis", true],
    ["http://good.test", "http://good.test/file@1.0", true],
    ["*://*:*", "http://", false],
    ["*://*:*", `http://${"a".repeat(9000)}`, false],
  ] as const) {
    it(`says ${String(expected)} to ${address.slice(0, 60)} for ${entry}`, () => {
      const hosts = parseAllowedHosts([entry], "x");
      const target = parseAddress(address, entry.trim().split("://")[0] ?? "");
      expect(target !== undefined && isAllowed(hosts, target)).to.equal(expected);
    });
  }

  it("allows nothing without an entry, and what any of several allows", () => {
    const target = { scheme: "https", host: "b.test", port: undefined };
    expect(isAllowed([], target)).to.equal(false);
    expect(isAllowed(parseAllowedHosts(["http://a.test", "https://b.test"], "x"), target)).to.equal(true);
  });
});

describe("isSelfAllowed()", () => {
  for (const [entry, expected] of [
    ["http://self", true],
    ["https://self.alt", true],
    ["*://self", true],
    ["http://*", true],
    ["*://*:*", true],
    ["redis://*", false],
    ["http://example.com", false],
  ] as const) {
    it(`says ${String(expected)} for ${entry}`, () => {
      expect(isSelfAllowed(parseAllowedHosts([entry], "x"))).to.equal(expected);
    });
  }
});

describe("parseAllowedHosts()", () => {
  for (const [entry, message] of [
    [
      "example.com",
      'Cannot use "example.com" in allowed_outbound_hosts of component "x": it has no scheme: write scheme',
    ],
    ["*", "it has no scheme"],
    ["", "it has no scheme"],
    ["insecure:allow-all", "write *://*:* to allow everything"],
    ["{http,https}://a", "it has a list of schemes: write an entry for each"],
    ["ht2p://a", 'its scheme "ht2p"'],
    ["://a", 'its scheme ""'],
    ["http://{a,b}", "it has a list of hosts"],
    ["http://a.*.b", "its host has a * within"],
    ["http://*a.test", "its host has a * within"],
    ["http://a/path", "it has a path"],
    ["http://a:80/path", "it has a path"],
    ["http://a b", '"a b" is no host'],
    ["http://", '"" is no host'],
    ["http://a:b", 'its port "b"'],
    ["http://a:65536", "no number from 0 to 65535"],
    ["http://a:9..8", 'its ports "9..8" are none'],
    ["http://a:8..9..10", "are none"],
    ["http://a:8..", 'its port ""'],
    ["tcp://a", 'it has no port, and "tcp" none of its own'],
    ["*://a", 'it has no port, and "*" none of its own'],
    ["tcp://10.0.0.0/33:1", "it has a path"],
    [`http://${"a".repeat(2048)}`, "more than 2048 characters"],
  ] as const) {
    it(`refuses "${entry.slice(0, 30)}"`, () => {
      expect(() => parseAllowedHosts([entry], 'component "x"'))
        .to.throw(message)
        .with.property("code", "INVALID");
    });
  }

  for (const [text, message] of [
    ["http://s3cr3t/x", "it has a path"],
    ["postgres://app:s3cr3t@db:5432", "what follows its scheme is no host"],
    ["s3cr3t", "it has no scheme"],
    ["s3cr3t9://db", "its scheme has more than letters"],
    ["http://db:s3cr3t", "its port is no number"],
    ["http://db:9..8", "its ports are none"],
    ["secret://db", "it has no port, and its scheme none of its own"],
  ] as const) {
    it(`does not show the value of a variable: ${message}`, () => {
      const entry = { text, written: "{{ url }}" };
      const said = 'Cannot use "{{ url }}" in allowed_outbound_hosts of x: with the values of its variables, ';
      let error: unknown = undefined;
      try {
        parseAllowedHosts([entry], "x");
      } catch (reason) {
        error = reason;
      }
      expect(messageOf(error))
        .to.include(said + message)
        .and.not.match(/s3cr3t|secret|9\.\.8/);
    });
  }

  it("refuses too many", () => {
    expect(() => parseAllowedHosts(Array<string>(4097).fill("http://a"), "x")).to.throw("the limit is 4096");
  });
});

describe("parseAddress()", () => {
  for (const [address, expected] of [
    ["redis://u:p#w@Host:1/2", { scheme: "redis", host: "host", port: 1, href: "redis://u:p%23w@Host:1/2" }],
    ["host", { scheme: "redis", host: "host", port: undefined, href: "redis://host" }],
    ["redis://u:p%40w@h", { scheme: "redis", host: "h", port: undefined, href: "redis://u:p%40w@h" }],
  ] as const) {
    it(`takes ${address} apart`, () => {
      expect(parseAddress(address, "redis")).to.deep.equal(expected);
    });
  }
});
