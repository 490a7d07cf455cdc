import { Buffer } from "node:buffer";
import type { RequestListener, ServerResponse } from "node:http";
import { createServer } from "node:net";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { FetchRequest } from "./request.ts";
import { serve } from "./testing/loopback.ts";
import { sampleElf } from "./testing/sample-elf.ts";
import { tryFetch } from "./testing/try-fetch.ts";

const ELF = sampleElf();

type Answer = (response: ServerResponse) => void;

/** Answers once by each, then by the last for ever. */
function inTurn(...answers: readonly Answer[]): RequestListener {
  let turn = 0;
  return function answer(_request, response) {
    answers[Math.min(turn, answers.length - 1)]?.(response);
    turn += 1;
  };
}

function good(response: ServerResponse): void {
  response.end(ELF);
}

function status(code: number, headers: Record<string, string> = {}): (response: ServerResponse) => void {
  return function answer(response) {
    response.writeHead(code, { "content-type": "text/html", ...headers }).end("<html>Sorry</html>");
  };
}

/** Announces the whole and breaks the connection after half. */
function broken(response: ServerResponse): void {
  response.writeHead(200, { "content-length": String(ELF.length) });
  response.write(ELF.subarray(0, 50), () => response.destroy());
}

function brokenChunks(response: ServerResponse): void {
  response.write(ELF.subarray(0, 50), () => response.destroy());
}

function reset(response: ServerResponse): void {
  response.destroy();
}

function silent(): void {
  // No answer.
}

function stalled(response: ServerResponse): void {
  response.writeHead(200, { "content-length": String(ELF.length) });
  response.write(ELF.subarray(0, 50));
}

/** A byte every few milliseconds, so that no idle time is over. */
function slow(response: ServerResponse): void {
  const timer = setInterval(() => response.write("a"), 10);
  response.once("close", () => {
    clearInterval(timer);
  });
}

function endless(response: ServerResponse): void {
  const chunk = Buffer.alloc(65_536);
  function more(): void {
    while (!response.destroyed && response.write(chunk));
  }
  response.on("drain", more);
  more();
}

describe("download()", () => {
  const healed: readonly (readonly [string, RequestListener, number])[] = [
    ["500", inTurn(status(500), good), 2],
    ["502 and 429", inTurn(status(502), status(429, { "retry-after": "0" }), good), 3],
    ["503 until a date that is past", inTurn(status(503, { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }), good), 2],
    ["408", inTurn(status(408), good), 2],
    ["a connection that is reset", inTurn(reset, good), 2],
    ["a body that breaks off", inTurn(broken, good), 2],
    ["a body in chunks that breaks off", inTurn(brokenChunks, good), 2],
    ["no answer", inTurn(silent, good), 2],
    ["a body that stalls", inTurn(stalled, good), 2],
  ];
  for (const [name, listener, attempts] of healed) {
    it(`tries again after ${name}`, async () => {
      await using server = await serve(listener);
      const { result, content, message } = await tryFetch({ location: server.url, limits: { idleTimeoutMs: 100 } });
      expect(message).to.equal("");
      expect(result?.attempts).to.equal(attempts);
      expect(server.asked).to.have.lengthOf(attempts);
      expect(content?.equals(ELF)).to.equal(true);
    });
  }

  it("counts the bytes of attempts that failed", async () => {
    await using server = await serve(inTurn(broken, good));
    const { result } = await tryFetch({ location: server.url });
    expect(result?.downloadedBytes).to.equal(ELF.length + 50);
  });

  const failed: readonly (readonly [
    string,
    RequestListener,
    Partial<FetchRequest>,
    readonly [string, RegExp, number],
  ])[] = [
    [
      "404 with a page",
      inTurn(status(404)),
      {},
      ["ArtifactNotFound", /status 404: check the location in the Shim$/u, 1],
    ],
    ["410", inTurn(status(410)), {}, ["ArtifactNotFound", /status 410/u, 1]],
    ["401", inTurn(status(401)), {}, ["ArtifactForbidden", /status 401/u, 1]],
    ["403", inTurn(status(403)), {}, ["ArtifactForbidden", /status 403/u, 1]],
    ["400", inTurn(status(400)), {}, ["ArtifactUnavailable", /status 400: 200 is expected/u, 1]],
    ["206", inTurn(status(206)), {}, ["ArtifactUnavailable", /status 206/u, 1]],
    ["500 for ever", inTurn(status(500)), {}, ["ArtifactUnavailable", /status 500: .*, after 3 of 3 attempts$/u, 3]],
    [
      "429 for an hour",
      inTurn(status(429, { "retry-after": "3600" })),
      {},
      ["ArtifactUnavailable", /due in 3600 s, later than the deadline$/u, 1],
    ],
    ["resets for ever", inTurn(reset), {}, ["ArtifactUnavailable", /connection fails \(UND_ERR_SOCKET\), after 3/u, 3]],
    ["bodies that break off", inTurn(broken), {}, ["ArtifactUnavailable", /connection fails .*, after 3/u, 3]],
    [
      "no answer for ever",
      inTurn(silent),
      { limits: { idleTimeoutMs: 50, attempts: 1 } },
      ["ArtifactTimeout", /too long \(UND_ERR_HEADERS_TIMEOUT\)/u, 1],
    ],
    [
      "stalls for ever",
      inTurn(stalled),
      { limits: { idleTimeoutMs: 50, attempts: 1 } },
      ["ArtifactTimeout", /too long \(UND_ERR_BODY_TIMEOUT\)/u, 1],
    ],
    [
      "a server that is too slow",
      inTurn(slow),
      { limits: { totalTimeoutMs: 200 } },
      ["ArtifactTimeout", /longer than 0\.2 s/u, 1],
    ],
    [
      "a length that is too much",
      inTurn(good),
      { limits: { maxArchiveBytes: 50 } },
      ["ArtifactTooLarge", /more than the 50 bytes/u, 1],
    ],
    [
      "a body without end",
      inTurn(endless),
      { limits: { maxArchiveBytes: 1_000_000 } },
      ["ArtifactTooLarge", /more than the 1000000 bytes/u, 1],
    ],
  ];
  for (const [name, listener, request, [code, message, asked]] of failed) {
    it(`fails by ${code} because of ${name}`, async () => {
      await using server = await serve(listener);
      const tried = await tryFetch({ location: `${server.url}/a?token=secret`, ...request });
      expect(tried.code).to.equal(code);
      expect(tried.message).to.match(message);
      expect(tried.message).to.not.include("secret");
      expect(server.asked).to.have.lengthOf(asked);
      expect(tried.files).to.deep.equal([]);
    });
  }

  it("fails when nobody listens", async () => {
    const server = await serve(inTurn(good));
    await server[Symbol.asyncDispose]();
    const { code, message } = await tryFetch({ location: server.url });
    expect(code).to.equal("ArtifactUnavailable");
    expect(message).to.match(/connection fails \(ECONNREFUSED\), after 3 of 3 attempts$/u);
  });

  it("fails when a server never answers the greeting of TLS", async () => {
    const server = createServer();
    const { promise, resolve } = Promise.withResolvers<number>();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
    const location = `https://127.0.0.1:${String(await promise)}/`;
    const { code, message } = await tryFetch({ location, limits: { connectTimeoutMs: 100, attempts: 1 } });
    server.close();
    expect(code).to.equal("ArtifactTimeout");
    expect(message).to.match(/UND_ERR_CONNECT_TIMEOUT/u);
  });

  it("asks for the bytes as they are, and sends the password of the location", async () => {
    let headers: Record<string, unknown> = {};
    await using server = await serve((request, response) => {
      headers = request.headers;
      good(response);
    });
    await tryFetch({ location: server.url.replace("//", "//us%40er:pa%ss@") });
    expect(headers).to.include({ "accept-encoding": "identity" });
    expect(Buffer.from(String(headers["authorization"]).replace("Basic ", ""), "base64").toString()).to.equal(
      "us@er:pa%ss",
    );
  });
});
