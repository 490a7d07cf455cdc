import type { RequestListener } from "node:http";
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { type Certificate, createCertificate } from "./testing/certificate.ts";
import { serve } from "./testing/loopback.ts";
import { sampleElf } from "./testing/sample-elf.ts";
import { tryFetch } from "./testing/try-fetch.ts";

/** Goes from `/1` to `/2` and so on; the last is the artifact. */
function chain(hops: number, status = 302): RequestListener {
  return function answer(request, response) {
    const at = Number((request.url ?? "/0").slice(1));
    if (at > hops) response.end(sampleElf());
    else response.writeHead(status, { location: String(at + 1) }).end("Moved");
  };
}

function redirectTo(location: string | undefined): RequestListener {
  return function answer(_request, response) {
    response.writeHead(302, location === undefined ? {} : { location }).end();
  };
}

describe("openLocation()", () => {
  let certificate: Certificate;
  before(async () => {
    certificate = await createCertificate();
  });

  for (const status of [301, 302, 303, 307, 308]) {
    it(`follows ${String(status)}`, async () => {
      await using server = await serve(chain(1, status));
      const { code } = await tryFetch({ location: `${server.url}/1` });
      expect(code).to.equal(undefined);
      expect(server.asked).to.deep.equal(["/1", "/2"]);
    });
  }

  it("follows 5 redirects and no 6", async () => {
    await using server = await serve(chain(5));
    await using loop = await serve(redirectTo("/"));
    expect(await tryFetch({ location: `${server.url}/1` })).to.have.property("code", undefined);
    const { code, message } = await tryFetch({ location: loop.url });
    expect(code).to.equal("RedirectRefused");
    expect(message).to.match(/redirected more than 5 times$/u);
    expect(loop.asked).to.have.lengthOf(6);
  });

  const refused: readonly (readonly [string, string | undefined, RegExp])[] = [
    ["nowhere", undefined, /without saying where to$/u],
    ["what is no URL", "http://[", /without saying where to$/u],
    ["a file", "file:///etc/passwd", /redirected to "file:\/\/\/etc\/passwd", which is no https or http URL$/u],
    ["another protocol", "ftp://user:secret@example.org/a?b", /redirected to "ftp:\/\/example.org\/a", which/u],
  ];
  for (const [name, location, message] of refused) {
    it(`refuses a redirect to ${name}`, async () => {
      await using server = await serve(redirectTo(location));
      const tried = await tryFetch({ location: server.url });
      expect(tried.code).to.equal("RedirectRefused");
      expect(tried.message).to.match(message);
      expect(server.asked).to.have.lengthOf(1);
    });
  }

  it("names the location that failed, without its query", async () => {
    await using end = await serve((_request, response) => response.writeHead(404).end());
    await using server = await serve(redirectTo(`${end.url}/b?token=secret`));
    const { code, message } = await tryFetch({ location: server.url });
    expect(code).to.equal("ArtifactNotFound");
    expect(message).to.include(`"${end.url}/b"`);
    expect(message).to.not.include("secret");
  });

  it("does not send the password to another host", async () => {
    const seen: unknown[] = [];
    await using end = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end(sampleElf());
    });
    await using server = await serve((request, response) => {
      seen.push(request.headers.authorization);
      redirectTo(request.url === "/" ? "/same" : end.url)(request, response);
    });
    const { code } = await tryFetch({ location: server.url.replace("//", "//user:secret@") });
    expect(code).to.equal(undefined);
    expect(seen).to.deep.equal(["Basic dXNlcjpzZWNyZXQ=", "Basic dXNlcjpzZWNyZXQ=", undefined]);
  });

  it("trusts the authorities of the bundle and no unknown ones", async () => {
    await using server = await serve(chain(0), certificate);
    const trusted = await tryFetch({ location: `${server.url}/1`, caBundle: certificate.cert });
    expect(trusted.message).to.equal("");
    const { code, message } = await tryFetch({ location: `${server.url}/1` });
    expect(code).to.equal("ArtifactUnavailable");
    expect(message).to.match(
      /certificate is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\): add its authority to the CA bundle$/u,
    );
    expect(server.asked).to.deep.equal(["/1"]);
  });

  it("refuses a certificate of another host", async () => {
    await using server = await serve(chain(0), certificate);
    const location = server.url.replace("127.0.0.1", "localhost");
    const { code, message } = await tryFetch({ location: `${location}/1`, caBundle: certificate.cert });
    expect(code).to.equal("ArtifactUnavailable");
    expect(message).to.match(/not trusted \(ERR_TLS_CERT_ALTNAME_INVALID\)/u);
  });

  it("goes from http to https, and not from https to http", async () => {
    await using plain = await serve(chain(0));
    await using secure = await serve((request, response) => {
      if (request.url === "/down") redirectTo(`${plain.url}/1`)(request, response);
      else response.end(sampleElf());
    }, certificate);
    await using up = await serve(redirectTo(`${secure.url}/up`));
    expect((await tryFetch({ location: up.url, caBundle: certificate.cert })).message).to.equal("");
    const { code, message } = await tryFetch({ location: `${secure.url}/down`, caBundle: certificate.cert });
    expect(code).to.equal("RedirectRefused");
    expect(message).to.match(/from https to "http:\/\/127\.0\.0\.1:[0-9]+\/1", where anybody could change it$/u);
    expect(plain.asked).to.deep.equal([]);
  });
});
