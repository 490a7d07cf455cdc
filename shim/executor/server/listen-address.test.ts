import { expect } from "chai";
import { describe, it } from "mocha";
import { listenAddressFrom, parseListenAddress } from "./listen-address.ts";

const FALLBACK = { host: "0.0.0.0", port: 80 };

describe("listenAddressFrom()", () => {
  for (const [environment, expected] of [
    [{}, FALLBACK],
    [{ PORT: "" }, FALLBACK],
    [{ PORT: "81" }, { host: "0.0.0.0", port: 81 }],
    [
      { PORT: "81", WASMTIME_HTTP_PROXY_SOCKET_ADDR: "127.0.0.1:82" },
      { host: "127.0.0.1", port: 82 },
    ],
    [
      { WASMTIME_HTTP_PROXY_SOCKET_ADDR: "127.0.0.1:82", SPIN_HTTP_LISTEN_ADDR: "[::1]:83" },
      { host: "::1", port: 83 },
    ],
    [{ SPIN_HTTP_LISTEN_ADDR: ":84" }, { host: "0.0.0.0", port: 84 }],
  ] as const) {
    it(`gives ${expected.host}:${expected.port} for ${JSON.stringify(environment)}`, () => {
      expect(listenAddressFrom(environment, FALLBACK)).to.deep.equal(expected);
    });
  }

  it("names the variable that it cannot use", () => {
    expect(() => listenAddressFrom({ PORT: "http" }, FALLBACK)).to.throw(/PORT "http"/);
    expect(() => listenAddressFrom({ SPIN_HTTP_LISTEN_ADDR: "80" }, FALLBACK)).to.throw(/SPIN_HTTP_LISTEN_ADDR "80"/);
  });
});

describe("parseListenAddress()", () => {
  for (const text of ["host:80", "1.2.3.4", "1.2.3.4:65536", "1.2.3.4:", "[::1]", "::1:80", "1.2.3.4:8 0"]) {
    it(`refuses ${text}`, () => {
      expect(() => parseListenAddress(text, "--listen")).to.throw(/Cannot use --listen/);
    });
  }
});
