import { expect } from "chai";
import { before, describe, it } from "mocha";
import { type Certificate, createCertificate } from "./testing/certificate.ts";
import { type Loopback, serve } from "./testing/loopback.ts";
import { serveProxy } from "./testing/proxy.ts";
import { sampleElf } from "./testing/sample-elf.ts";
import { tryFetch } from "./testing/try-fetch.ts";

async function serveShim(certificate?: Certificate): Promise<Loopback> {
  return serve((_request, response) => {
    response.end(sampleElf());
  }, certificate);
}

describe("createDispatcher()", () => {
  let certificate: Certificate;
  before(async () => {
    certificate = await createCertificate();
  });

  it("asks the proxy for http", async () => {
    await using server = await serveShim();
    await using proxy = await serveProxy();
    const { message } = await tryFetch({ location: `${server.url}/a?b`, proxyEnv: { HTTP_PROXY: proxy.url } });
    expect(message).to.equal("");
    expect(proxy.seen).to.deep.equal([`GET ${server.url}/a?b`]);
    expect(server.asked).to.deep.equal(["/a?b"]);
  });

  it("makes a tunnel through the proxy for https", async () => {
    await using server = await serveShim(certificate);
    await using proxy = await serveProxy();
    const proxyEnv = { https_proxy: proxy.url.replace("//", "//user:p%40ss@") };
    const { message } = await tryFetch({ location: server.url, proxyEnv, caBundle: certificate.cert });
    expect(message).to.equal("");
    expect(proxy.seen).to.deep.equal([`CONNECT ${new URL(server.url).host} Basic dXNlcjpwQHNz`]);
  });

  it("trusts nobody more because of the proxy", async () => {
    await using server = await serveShim(certificate);
    await using proxy = await serveProxy();
    const { code, message } = await tryFetch({ location: server.url, proxyEnv: { HTTPS_PROXY: proxy.url } });
    expect(code).to.equal("ArtifactUnavailable");
    expect(message).to.match(/not trusted/u);
  });

  it("goes directly where no_proxy says so", async () => {
    await using server = await serveShim();
    await using proxy = await serveProxy();
    const proxyEnv = { HTTP_PROXY: proxy.url, NO_PROXY: "127.0.0.0/8" };
    const { message } = await tryFetch({ location: server.url, proxyEnv });
    expect(message).to.equal("");
    expect(proxy.seen).to.deep.equal([]);
  });

  const refused: readonly (readonly [number, string, number])[] = [
    [407, "ArtifactForbidden", 1],
    [403, "ArtifactForbidden", 1],
    [502, "ArtifactUnavailable", 3],
  ];
  for (const [status, expected, attempts] of refused) {
    it(`fails by ${expected} when the proxy answers ${String(status)}`, async () => {
      await using plain = await serveShim();
      await using secure = await serveShim(certificate);
      for (const location of [plain.url, secure.url]) {
        await using proxy = await serveProxy(status);
        const proxyEnv = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url };
        const { code, message } = await tryFetch({ location, proxyEnv, caBundle: certificate.cert });
        expect(code).to.equal(expected);
        expect(message).to.include(String(status));
        expect(proxy.seen).to.have.lengthOf(attempts);
      }
    });
  }

  it("fails when the proxy is not there", async () => {
    await using secure = await serveShim(certificate);
    const proxy = await serveProxy();
    await proxy[Symbol.asyncDispose]();
    const { code, message } = await tryFetch({ location: secure.url, proxyEnv: { HTTPS_PROXY: proxy.url } });
    expect(code).to.equal("ArtifactUnavailable");
    expect(message).to.match(/ECONNREFUSED/u);
  });

  it("fails when the proxy never answers", async function test() {
    this.timeout(10_000);
    await using proxy = await serveProxy("silent");
    const limits = { idleTimeoutMs: 50, attempts: 1 };
    for (const location of ["http://example.invalid/", "https://example.invalid/"]) {
      const { code } = await tryFetch({
        location,
        limits,
        proxyEnv: { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url },
      });
      expect(code).to.equal("ArtifactTimeout");
    }
  });
});
