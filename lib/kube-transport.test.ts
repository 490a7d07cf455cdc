import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { describe, it } from "mocha";
import { KubeError } from "./kube-error.ts";
import { retryDelayMs, Transport, type KubeRequest } from "./kube-transport.ts";

describe("Transport", () => {
  it("does not wait for ever for the words of a refusal", async () => {
    const server = createServer((_request, response) => {
      response.writeHead(503, { "content-length": "100" }).flushHeaders(); // And no word more.
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const credentials = { server: `http://127.0.0.1:${port}`, tls: {}, headers: async () => Promise.resolve({}) };
    const options = { credentials, userAgent: "test/1", timeoutMs: 100, qps: 10, burst: 10 };
    const transport = new Transport({ ...options, beforeWrite: ignore, onRequest: ignore, onWarning: ignore });
    const request: KubeRequest = { ...READ, verb: "watch", action: "watch nodes", path: "/api/v1/nodes?watch=1" };
    const stream = transport.stream(request, AbortSignal.timeout(5000));
    const error: unknown = await stream.catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(KubeError).and.include({ code: "Timeout" });
    await transport.close();
    server.close();
  });
});

const READ = { method: "GET", resource: "nodes" } as const;

function ignore(): void {
  // Nothing to see.
}

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
