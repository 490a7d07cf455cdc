import { expect } from "chai";
import { describe, it } from "mocha";
import { KubeError } from "./kube-error.ts";
import { retryDelayMs } from "./kube-transport.ts";

describe("retryDelayMs()", () => {
  const throttled = new KubeError("TooManyRequests", "x", { status: 429, retryAfterMs: 1000 });
  const lost = new KubeError("Unavailable", "x");

  it("stays away for as long as the server asks, and a little longer", () => {
    expect([0, 0.5].map((random) => retryDelayMs("POST", throttled, random))).to.deep.equal([1000, 1250]);
    expect(retryDelayMs("POST", new KubeError("TooManyRequests", "x"), 0)).to.equal(100);
  });

  it("does not wait for ever", () => {
    const long = new KubeError("TooManyRequests", "x", { retryAfterMs: 60_000 });
    expect(retryDelayMs("GET", long, 0)).to.equal(undefined);
  });

  it("reads again when the connection was lost, but does not write again", () => {
    expect(retryDelayMs("GET", lost, 0)).to.equal(100);
    expect(retryDelayMs("PATCH", lost, 0)).to.equal(undefined);
  });

  it("leaves every other error to the caller", () => {
    const others = [new KubeError("Unavailable", "x", { status: 503 }), new KubeError("NotFound", "x"), new Error("x")];
    expect(others.map((error) => retryDelayMs("GET", error, 0))).to.deep.equal([undefined, undefined, undefined]);
  });
});
