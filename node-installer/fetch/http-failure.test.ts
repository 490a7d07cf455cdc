import { expect } from "chai";
import { describe, it } from "mocha";
import { connectionFailure, parseRetryAfter, statusFailure } from "./http-failure.ts";

describe("statusFailure()", () => {
  const cases: readonly (readonly [number, string, number | undefined])[] = [
    [204, "ArtifactUnavailable", undefined],
    [304, "ArtifactUnavailable", undefined],
    [400, "ArtifactUnavailable", undefined],
    [401, "ArtifactForbidden", undefined],
    [403, "ArtifactForbidden", undefined],
    [404, "ArtifactNotFound", undefined],
    [407, "ArtifactForbidden", undefined],
    [408, "ArtifactUnavailable", 7],
    [410, "ArtifactNotFound", undefined],
    [418, "ArtifactUnavailable", undefined],
    [429, "ArtifactUnavailable", 7],
    [500, "ArtifactUnavailable", 7],
    [503, "ArtifactUnavailable", 7],
    [599, "ArtifactUnavailable", 7],
  ];
  for (const [status, code, retryAfterMs] of cases) {
    it(`makes ${code} of ${String(status)}`, () => {
      const error = statusFailure("http://a/", status, 7);
      expect([error.code, error.retryAfterMs]).to.deep.equal([code, retryAfterMs]);
      expect(error.message).to.match(new RegExp(`^Cannot fetch "http://a/": .*${String(status)}: .`, "u"));
    });
  }
});

describe("connectionFailure()", () => {
  const cases: readonly (readonly [string, string, string, number | undefined])[] = [
    ["ECONNREFUSED", "", "ArtifactUnavailable", 0],
    ["ENOTFOUND", "", "ArtifactUnavailable", 0],
    ["UND_ERR_SOCKET", "other side closed", "ArtifactUnavailable", 0],
    ["UND_ERR_CONNECT_TIMEOUT", "", "ArtifactTimeout", 0],
    ["UND_ERR_BODY_TIMEOUT", "", "ArtifactTimeout", 0],
    ["CERT_HAS_EXPIRED", "", "ArtifactUnavailable", undefined],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "", "ArtifactUnavailable", undefined],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "", "ArtifactUnavailable", undefined],
    ["UND_ERR_ABORTED", "Proxy response (407) !== 200 when HTTP Tunneling", "ArtifactForbidden", undefined],
    ["UND_ERR_ABORTED", "Proxy response (502) !== 200 when HTTP Tunneling", "ArtifactUnavailable", 0],
  ];
  for (const [code, message, reason, retryAfterMs] of cases) {
    it(`makes ${reason} of ${code} ${message}`, () => {
      const cause = Object.assign(new Error(message), { code });
      const error = connectionFailure("http://a/", new Error("request failed", { cause }));
      expect([error.code, error.retryAfterMs]).to.deep.equal([reason, retryAfterMs]);
    });
  }
});

describe("parseRetryAfter()", () => {
  const nowMs = Date.parse("Wed, 21 Oct 2015 07:28:00 GMT");
  const cases: readonly (readonly [string | undefined, number | undefined])[] = [
    [undefined, undefined],
    ["", undefined],
    ["soon", undefined],
    ["-1", 0],
    ["0", 0],
    [" 120 ", 120_000],
    ["Wed, 21 Oct 2015 07:28:30 GMT", 30_000],
    ["Wed, 21 Oct 2015 07:27:30 GMT", 0],
  ];
  for (const [header, ms] of cases) {
    it(`reads ${JSON.stringify(header)} as ${String(ms)} ms`, () => {
      expect(parseRetryAfter(header, nowMs)).to.equal(ms);
    });
  }
});
