import { expect } from "chai";
import { describe, it } from "mocha";
import { PodLog } from "../../server/pod-log.ts";
import { parseBlockedNetworks } from "../outbound/blocked-networks.ts";
import { parseAllowedHosts } from "../outbound/parse-allowed-hosts.ts";
import { OutboundPolicy } from "./outbound-policy.ts";

function policyOf(
  entries: readonly string[],
  blocked: readonly string[] = [],
): { policy: OutboundPolicy; lines: string[] } {
  const lines: string[] = [];
  const policy = new OutboundPolicy({
    component: "c",
    hosts: parseAllowedHosts(entries, "c"),
    blocked: parseBlockedNetworks(blocked),
    log: new PodLog((line) => lines.push(line)),
  });
  return { policy, lines };
}

const PATH = { pathWithQuery: "/" };

describe("OutboundPolicy", () => {
  it("allows requests to hosts of the manifest, and logs each other destination once", () => {
    const { policy, lines } = policyOf(["http://example.test", "http://[fd00::1]:81"]);
    expect(policy.allowsHttp({ scheme: "http", host: "example.test", port: 80, ...PATH })).to.equal(true);
    expect(policy.allowsHttp({ scheme: "http", host: "[fd00::1]", port: 81, ...PATH })).to.equal(true);
    for (let round = 0; round < 3; round += 1) {
      expect(policy.allowsHttp({ scheme: "https", host: "example.test", port: 443, ...PATH })).to.equal(false);
      expect(policy.allowsHttp({ scheme: "http", host: "[fd00::2]", port: 81, ...PATH })).to.equal(false);
    }
    expect(lines.map((line) => (JSON.parse(line) as { destination: string }).destination)).to.deep.equal([
      "https://example.test:443",
      "http://[fd00::2]:81",
    ]);
  });

  it("logs each address that the runtime configuration blocks once", async () => {
    const { policy, lines } = policyOf(["*://*:*"], ["10.0.0.0/8"]);
    for (let round = 0; round < 2; round += 1) {
      expect(policy.isBlocked("10.0.0.1")).to.equal(true);
      expect(await policy.mayConnect("redis", "redis://:secret@10.0.0.2")).to.equal(false);
      expect(policy.isAllowed({ kind: "tcp-connect", address: "10.0.0.2", port: 1 })).to.equal(false);
    }
    expect(policy.isBlocked("11.0.0.1")).to.equal(false);
    const logged = lines.map((line) => JSON.parse(line) as Readonly<Record<string, string>>);
    expect(logged.map(({ message, destination }) => `${message} ${destination}`)).to.deep.equal([
      "Outgoing connection blocked 10.0.0.1",
      "Outgoing connection blocked 10.0.0.2",
    ]);
  });

  it("logs no more than a hundred destinations", () => {
    const { policy, lines } = policyOf([]);
    for (let port = 1; port < 500; port += 1) {
      policy.allowsHttp({ scheme: "http", host: "made-up.test", port, ...PATH });
    }
    expect(lines).to.have.length(100);
  });

  it("allows requests to the application itself where the manifest says self", () => {
    const target = { scheme: "http", host: "self.alt", port: 80, ...PATH } as const;
    expect(policyOf(["http://self"]).policy.allowsHttp(target)).to.equal(true);
    expect(policyOf(["http://example.test"]).policy.allowsHttp(target)).to.equal(false);
  });

  it("allows sockets by address, and never to listen by TCP", () => {
    const { policy } = policyOf(["tcp://10.0.0.0/8:5000", "udp://*:53"], ["10.1.0.0/16"]);
    expect(policy.isAllowed({ kind: "tcp-connect", address: "10.2.3.4", port: 5000 })).to.equal(true);
    expect(policy.isAllowed({ kind: "tcp-connect", address: "10.1.3.4", port: 5000 })).to.equal(false);
    expect(policy.isAllowed({ kind: "tcp-connect", address: "10.2.3.4", port: 5001 })).to.equal(false);
    expect(policy.isAllowed({ kind: "tcp-bind", address: "10.2.3.4", port: 5000 })).to.equal(false);
    expect(policy.isAllowed({ kind: "tcp-bind", address: "0.0.0.0", port: 0 })).to.equal(false);
  });

  for (const [kind, address, port, expected] of [
    ["udp-send", "1.1.1.1", 53, true],
    ["udp-connect", "1.1.1.1", 53, true],
    ["udp-send", "1.1.1.1", 54, false],
    ["udp-send", "10.1.0.1", 53, false],
    ["udp-bind", "0.0.0.0", 53, true],
    ["udp-bind", "0.0.0.0", 54, false],
    // For an answer: the port is the system's choice.
    ["udp-bind", "0.0.0.0", 0, true],
    ["udp-bind", "::", 0, true],
    ["udp-bind", "10.1.0.1", 53, true],
  ] as const) {
    it(`says ${String(expected)} to ${kind} ${address} port ${port} for udp://*:53`, () => {
      const { policy } = policyOf(["tcp://*:*", "udp://*:53"], ["10.1.0.0/16"]);
      expect(policy.isAllowed({ kind, address, port })).to.equal(expected);
    });
  }

  it("lets only those bind for datagrams who may send some", () => {
    for (const [entry, expected] of [
      ["udp://10.0.0.0/8:53", true],
      ["*://*:*", true],
      ["tcp://*:*", false],
      ["udp://name.test:53", false],
    ] as const) {
      const { policy } = policyOf([entry]);
      expect(policy.isAllowed({ kind: "udp-bind", address: "0.0.0.0", port: 0 }), entry).to.equal(expected);
    }
  });

  it("lets those look names up who may connect to anything", () => {
    expect(policyOf([]).policy.mayResolve).to.equal(false);
    expect(policyOf(["tcp://*:1"]).policy.mayResolve).to.equal(true);
  });

  it("answers for other protocols by their addresses", async () => {
    const { policy } = policyOf(["redis://cache.test", "redis://10.0.0.1"], ["10.0.0.0/8"]);
    expect(await policy.mayConnect("redis", "redis://user:secret@cache.test:6379/1")).to.equal(true);
    expect(await policy.mayConnect("redis", "redis://other.test")).to.equal(false);
    expect(await policy.mayConnect("redis", "redis://10.0.0.1")).to.equal(false);
    expect(await policy.mayConnect("redis", "redis://")).to.equal(false);
  });
});
