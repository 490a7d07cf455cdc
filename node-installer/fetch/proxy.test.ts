import { expect } from "chai";
import { describe, it } from "mocha";
import { parseProxyEnv, proxyFor } from "./proxy.ts";

describe("parseProxyEnv()", () => {
  const cases: readonly (readonly [Record<string, string>, string | undefined, string | undefined])[] = [
    [{}, undefined, undefined],
    [{ HTTP_PROXY: "http://a:1" }, "http://a:1/", undefined],
    [{ HTTPS_PROXY: "http://a:1" }, undefined, "http://a:1/"],
    [{ https_proxy: "https://low:1", HTTPS_PROXY: "http://up:1" }, undefined, "https://low:1/"],
    [{ https_proxy: "", HTTPS_PROXY: "http://up:1" }, undefined, undefined],
    [{ http_proxy: "proxy:3128" }, "http://proxy:3128/", undefined],
    [{ ALL_PROXY: "http://all:1", http_proxy: "http://a:1" }, "http://a:1/", "http://all:1/"],
    [{ http_proxy: "http://user:p%40ss@a:1" }, "http://user:p%40ss@a:1/", undefined],
  ];
  for (const [env, http, https] of cases) {
    it(`reads ${JSON.stringify(env)}`, () => {
      const settings = parseProxyEnv(env);
      expect([settings.http?.href, settings.https?.href]).to.deep.equal([http, https]);
    });
  }

  for (const value of ["socks5://secret:1", "http://", "file:///secret", "http://secret%zz@a:1"]) {
    it(`refuses "${value}" without showing it`, () => {
      expect(() => parseProxyEnv({ HTTP_PROXY: value })).to.throw(/^the proxy in http_proxy is no http or https URL$/u);
    });
  }
});

describe("proxyFor()", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["", "http://example.org/", true],
    ["*", "http://example.org/", false],
    ["example.org", "http://example.org/", false],
    ["EXAMPLE.org.", "http://example.org./", false],
    ["example.org", "http://a.b.example.org/", false],
    ["example.org", "http://badexample.org/", true],
    [".example.org", "http://a.example.org/", false],
    [".example.org", "http://example.org/", false],
    ["*.example.org", "http://a.example.org/", false],
    ["*.example.org", "http://example.org/", true],
    ["example.org:80", "http://example.org/", false],
    ["example.org:8080", "http://example.org/", true],
    ["example.org:8080", "http://example.org:8080/", false],
    ["other, example.org\tmore", "http://example.org/", false],
    ["10.0.0.0/8", "http://10.1.2.3/", false],
    ["10.0.0.0/8", "http://11.1.2.3/", true],
    ["10.0.0.0/8", "http://10.example.org/", true],
    ["10.0.0.0/99", "http://10.1.2.3/", true],
    ["10.0.0.0/x", "http://10.1.2.3/", true],
    ["fd00::/8", "http://[fd12::1]/", false],
    ["fd00::/8", "http://[fe80::1]/", true],
    ["::1", "http://[::1]:8080/", false],
    ["[::1]:8080", "http://[::1]:8080/", false],
    ["[::1]:8081", "http://[::1]:8080/", true],
    ["127.0.0.1", "http://127.0.0.1:99/", false],
  ];
  for (const [exceptions, location, proxied] of cases) {
    it(`with no_proxy "${exceptions}" ${proxied ? "uses the proxy" : "goes directly"} for ${location}`, () => {
      const settings = parseProxyEnv({ http_proxy: "http://proxy:1", no_proxy: exceptions });
      expect(proxyFor(new URL(location), settings)?.host).to.equal(proxied ? "proxy:1" : undefined);
    });
  }
});
