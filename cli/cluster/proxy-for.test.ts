import { expect } from "chai";
import { describe, it } from "mocha";
import { proxyFor } from "./proxy-for.ts";

const PROXY = "http://proxy.example:3128";

describe("proxyFor()", () => {
  const cases: readonly [server: string, env: Readonly<Record<string, string>>, proxy: string | undefined][] = [
    ["https://k8s.example:6443", {}, undefined],
    ["https://k8s.example:6443", { HTTPS_PROXY: PROXY }, PROXY],
    ["https://k8s.example:6443", { https_proxy: PROXY }, PROXY],
    ["https://k8s.example:6443", { HTTPS_PROXY: "proxy.example:3128" }, PROXY],
    ["https://k8s.example:6443", { HTTPS_PROXY: "" }, undefined],
    ["https://k8s.example:6443", { HTTP_PROXY: PROXY }, undefined],
    ["http://k8s.example:8080", { HTTP_PROXY: PROXY }, PROXY],
    ["https://localhost:6443", { HTTPS_PROXY: PROXY }, undefined],
    ["https://127.0.0.3:6443", { HTTPS_PROXY: PROXY }, undefined],
    ["https://[::1]:6443", { HTTPS_PROXY: PROXY }, undefined],
  ];
  for (const [server, env, proxy] of cases) {
    it(`is ${String(proxy)} for ${server} with ${JSON.stringify(env)}`, () => {
      expect(proxyFor(server, env)).to.equal(proxy);
    });
  }

  const exceptions: readonly [exceptions: string, server: string, isExcepted: boolean][] = [
    ["*", "https://k8s.example", true],
    ["", "https://k8s.example", false],
    ["other.example, k8s.example", "https://k8s.example:6443", true],
    ["K8S.example", "https://k8s.example", true],
    ["example", "https://k8s.example", true],
    [".example", "https://k8s.example", true],
    ["*.example", "https://k8s.example", true],
    [".k8s.example", "https://k8s.example", false],
    ["8s.example", "https://k8s.example", false],
    ["k8s.example:6443", "https://k8s.example:6443", true],
    ["k8s.example:443", "https://k8s.example:6443", false],
    ["k8s.example:443", "https://k8s.example", true],
    ["10.0.0.1", "https://10.0.0.1:6443", true],
    ["0.0.1", "https://10.0.0.1:6443", false],
    ["10.0.0.0/8", "https://10.1.2.3:6443", true],
    ["10.0.0.0/8", "https://11.1.2.3:6443", false],
    ["10.0.0.0/33,10.0.0.0/x,10/8", "https://10.1.2.3", false],
    ["fd00::/8", "https://[fd12::1]:6443", true],
    ["fd00::/8", "https://10.1.2.3", false],
    ["fd12::1", "https://[fd12::1]:6443", true],
    ["[fd12::1]:6443", "https://[fd12::1]:6443", true],
    ["[fd12::1]:443", "https://[fd12::1]:6443", false],
  ];
  for (const [noProxy, server, isExcepted] of exceptions) {
    it(`${isExcepted ? "leaves" : "does not leave"} ${server} out for NO_PROXY=${noProxy}`, () => {
      for (const name of ["NO_PROXY", "no_proxy"]) {
        expect(proxyFor(server, { HTTPS_PROXY: PROXY, [name]: noProxy })).to.equal(isExcepted ? undefined : PROXY);
      }
    });
  }
});
