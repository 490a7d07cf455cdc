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

  it("allows sockets by address, and never to listen", () => {
    const { policy } = policyOf(["tcp://10.0.0.0/8:5000", "udp://*:53"], ["10.1.0.0/16"]);
    expect(policy.isAllowed({ kind: "tcp-connect", address: "10.2.3.4", port: 5000 })).to.equal(true);
    expect(policy.isAllowed({ kind: "tcp-connect", address: "10.1.3.4", port: 5000 })).to.equal(false);
    expect(policy.isAllowed({ kind: "tcp-connect", address: "10.2.3.4", port: 5001 })).to.equal(false);
    expect(policy.isAllowed({ kind: "udp-send", address: "1.1.1.1", port: 53 })).to.equal(true);
    expect(policy.isAllowed({ kind: "udp-bind", address: "0.0.0.0", port: 53 })).to.equal(false);
    expect(policy.isAllowed({ kind: "tcp-bind", address: "10.2.3.4", port: 5000 })).to.equal(false);
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
