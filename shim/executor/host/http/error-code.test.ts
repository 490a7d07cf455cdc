import { expect } from "chai";
import { describe, it } from "mocha";
import { HttpError, httpErrorCode } from "./error-code.ts";

function coded(code: string, cause?: unknown): Error {
  return Object.assign(new Error(code, { cause }), { code });
}

describe("httpErrorCode()", () => {
  for (const [error, tag] of [
    [coded("ECONNREFUSED"), "connection-refused"],
    [coded("ENOTFOUND"), "DNS-error"],
    [coded("UND_ERR_HEADERS_TIMEOUT"), "HTTP-response-timeout"],
    [coded("UND_ERR_BODY_TIMEOUT"), "connection-read-timeout"],
    [coded("UND_ERR_CONNECT_TIMEOUT"), "connection-timeout"],
    [coded("UND_ERR_SOCKET", coded("ECONNRESET")), "connection-terminated"],
    [coded("UND_ERR_SOCKET"), "connection-terminated"],
    [coded("CERT_HAS_EXPIRED"), "TLS-certificate-error"],
    [coded("ERR_TLS_CERT_ALTNAME_INVALID"), "TLS-certificate-error"],
    [coded("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"), "TLS-alert-received"],
    [coded("ERR_SSL_WRONG_VERSION_NUMBER"), "TLS-protocol-error"],
    [coded("HPE_INVALID_CONSTANT"), "HTTP-protocol-error"],
    [new Error("outer", { cause: coded("EHOSTUNREACH") }), "destination-IP-unroutable"],
    [new AggregateError([coded("ECONNREFUSED"), coded("ENETUNREACH")], "all"), "connection-refused"],
    [new HttpError({ tag: "HTTP-request-denied" }), "HTTP-request-denied"],
    [new Error("plain"), "internal-error"],
    ["no error", "internal-error"],
  ] as const) {
    it(`gives ${tag} for ${error instanceof Error ? error.message : error}`, () => {
      expect(httpErrorCode(error).tag).to.equal(tag);
    });
  }

  it("does not follow a circle of causes for ever", () => {
    const error = new Error("round");
    error.cause = error;
    expect(httpErrorCode(error)).to.deep.equal({ tag: "internal-error", val: "round" });
  });

  it("takes the alert out of the code", () => {
    expect(httpErrorCode(coded("ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"))).to.deep.equal({
      tag: "TLS-alert-received",
      val: { alertId: undefined, alertMessage: "HANDSHAKE_FAILURE" },
    });
  });
});
