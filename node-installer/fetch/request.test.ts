import { expect } from "chai";
import { describe, it } from "mocha";
import { type FetchRequest, parseRequest } from "./request.ts";

const GOOD: FetchRequest = {
  location: "https://example.org/a.tar.gz",
  binaryName: "containerd-shim-spin-v2",
  architecture: "amd64",
  destination: "/artifact",
};

describe("parseRequest()", () => {
  it("fills in what is not said", () => {
    const order = parseRequest({ ...GOOD, sha256: "AB".repeat(32) });
    expect(order).to.include({ fileName: "containerd-shim-spin-v2", sha256: "ab".repeat(32) });
    expect(order.limits).to.include({ maxArchiveBytes: 536_870_912, maxBinaryBytes: 1_073_741_824 });
  });

  const bad: readonly (readonly [string, Partial<FetchRequest>, RegExp])[] = [
    [
      "a location that is no URL",
      { location: "example.org/a" },
      /"example.org\/a": it is no absolute URL: write https/u,
    ],
    ["another kind of URL", { location: "ftp://example.org/a" }, /no https or http URL/u],
    ["a file", { location: "file:///a" }, /only taken by hand/u],
    ["a file of another machine", { location: "file://host/a", allowFile: true }, /no file of this machine/u],
    ["a short digest", { sha256: "abc" }, /sha256 "abc" is not 64 hexadecimal digits/u],
    ["a digest with its algorithm", { sha256: `sha256:${"a".repeat(64)}` }, /is not 64/u],
    ["an empty digest", { sha256: "" }, /sha256 "" is not 64/u],
    ["a name with a folder", { binaryName: "../a" }, /"\.\.\/a" cannot be the name/u],
    ["a hidden name", { fileName: ".a" }, /"\.a" cannot be the name/u],
    ["no name", { fileName: "" }, /"" cannot be the name/u],
    ["an unknown architecture", { architecture: "x86_64" }, /architecture "x86_64" is none of .*amd64/u],
    ["a property of all objects as architecture", { architecture: "constructor" }, /is none of/u],
    ["a limit of nothing", { limits: { attempts: 0 } }, /limit attempts is 0/u],
    ["a limit that is no number", { limits: { idleTimeoutMs: Number.NaN } }, /limit idleTimeoutMs is NaN/u],
    [
      "a proxy that is none",
      { proxyEnv: { HTTPS_PROXY: "ftp://secret" } },
      /: the proxy in https_proxy is no http or https URL/u,
    ],
    ["a bundle without certificates", { caBundle: "" }, /holds no certificate/u],
    ["a damaged bundle", { caBundle: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" }, /is damaged/u],
  ];
  for (const [name, change, message] of bad) {
    it(`refuses ${name}`, () => {
      expect(() => parseRequest({ ...GOOD, ...change }))
        .to.throw(message)
        .with.property("code", "RequestInvalid");
    });
  }
});
