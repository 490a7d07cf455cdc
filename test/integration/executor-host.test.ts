import { randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { ExecutorProcess } from "../support/executor-process.ts";
import { exchange, open } from "../support/http-exchange.ts";
import { buildRustGuest } from "../support/rust-guest.ts";

const GIB = 1 << 30;
const CHUNK = Buffer.alloc(1 << 20, "u");

describe("executor serve, a guest that uses all of the host", () => {
  let executor: ExecutorProcess;
  let port: number;

  before(async function () {
    this.timeout(600_000);
    const folder = await buildRustGuest("rust-host");
    executor = new ExecutorProcess(["serve", "--listen", "127.0.0.1:0", join(folder, "rust_host.wasm")], {
      SECRET_OF_THE_HOST: "not for guests",
    });
    port = await executor.port();
  });
  after(async () => {
    const { code } = await executor.stop();
    expect(code).to.equal(0);
  });

  async function get(path: string): Promise<string> {
    return (await exchange({ port, path })).body.trimEnd();
  }

  it("answers small bodies with their length, in one piece", async () => {
    const { status, headers, body } = await exchange({ port, path: "/" });
    expect(status).to.equal(200);
    expect(headers["content-length"]).to.equal("7");
    expect(body).to.equal("call 1\n");
  });

  it("gives a body back while it comes", async () => {
    const body = randomBytes(3_000_000);
    const response = await open({ port, path: "/echo", body });
    const chunks = await response.toArray();
    expect(Buffer.concat(chunks as Buffer[]).equals(body)).to.equal(true);
  });

  it("takes and gives 1 GiB at flat memory", async () => {
    await exchange({ port, path: "/download?1000000" }); // Warm.
    const residentMiB = executor.resetPeak();
    const request = http.request({ port, host: "127.0.0.1", path: "/upload", method: "POST" });
    const answered = once(request, "response") as Promise<[http.IncomingMessage]>;
    for (let sent = 0; sent < GIB; sent += CHUNK.length) if (!request.write(CHUNK)) await once(request, "drain");
    request.end();
    expect(await text((await answered)[0])).to.equal(`${GIB} bytes\n`);

    const response = await open({ port, path: `/download?${GIB}` });
    let received = 0;
    for await (const chunk of response) received += (chunk as Buffer).length;
    expect(received).to.equal(GIB);
    expect(executor.peakMiB() - residentMiB).to.be.lessThan(150);
  }).timeout(300_000);

  it("holds a guest back whose client does not read", async () => {
    const response = await open({ port, path: `/download?${GIB}` });
    response.pause();
    await delay(500);
    const residentMiB = executor.residentMiB();
    await delay(1000);
    expect(executor.residentMiB() - residentMiB).to.be.lessThan(50);
    response.destroy();
  });

  it("tells a guest that its client has gone", async () => {
    const response = await open({ port, path: "/endless" });
    await once(response, "readable");
    response.destroy();
    await executor.until(() => executor.stderr.includes("the client has gone"));
    expect(await get("/")).to.equal("call 1");
  });

  it("tells a guest that its client has gone in the middle of an upload", async () => {
    const socket = net.connect(port, "127.0.0.1");
    socket.write("POST /upload HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nsome");
    await once(socket, "connect");
    expect(await get("/")).to.equal("call 1"); // It came after that: its guest has begun.
    socket.destroy();
    await executor.until(() => executor.stderr.includes("upload failed"));
  });

  it("passes trailers both ways", async () => {
    const headers = { trailer: "one", "transfer-encoding": "chunked" };
    const answer = await exchange({
      port,
      path: "/trailers",
      body: "12345",
      method: "POST",
      headers,
      trailers: { one: "1" },
    });
    expect(answer.body).to.equal("body\n");
    expect(answer.trailers).to.deep.equal({ "x-bytes": "5", "x-one": "1" });
  });

  it("keeps the rules for fields", async () => {
    const { body } = await exchange({
      port,
      path: "/fields",
      headers: { "X-Own": "ä", connection: "keep-alive", host: "example.test" },
    });
    const lines = body.trimEnd().split("\n");
    expect(lines).to.include.members([
      'method Method::Get scheme Some(Scheme::Http) authority Some("example.test")',
      "x-own=\ufffd",
      "immutable Err(HeaderError::Immutable)",
      "connection Err(HeaderError::Forbidden)",
      "Transfer-Encoding Err(HeaderError::Forbidden)",
      "host Err(HeaderError::Forbidden)",
      "bad name Err(HeaderError::InvalidSyntax)",
      "bad value Err(HeaderError::InvalidSyntax)",
      "zero Err(HeaderError::InvalidSyntax)",
      "good Ok(())",
      "get [[228, 32, 111, 107]]",
      "response Err(HeaderError::Immutable)",
      "status Err(())",
    ]);
    expect(lines.filter((line) => line.startsWith("connection="))).to.deep.equal([]);
  });

  it("sends what a guest has written before it waits", async () => {
    const response = await open({ port, path: "/slow?2000" });
    const start = performance.now();
    const [first] = (await once(response, "data")) as [Buffer];
    expect(first.toString()).to.equal("first\n");
    expect(performance.now() - start).to.be.lessThan(1900);
    expect(await text(response)).to.equal("second\n");
  });

  it("lets a guest write before it sets its response", async () => {
    expect(await get("/early")).to.equal("early");
  });

  it("wakes guests by timers", async () => {
    expect(await get("/sleep?50")).to.equal("slept true");
    expect(await get("/poll")).to.equal("[2] [1] false true");
  });

  it("gives random bytes", async () => {
    expect(await get("/random")).to.equal("40 true 100000 true");
  });

  it("gives guests no environment, no folder and no socket", async () => {
    expect(await get("/env")).to.equal("[]");
    expect((await exchange({ port, path: "/files" })).status).to.equal(500);
    const lines = (await get("/sockets")).split("\n");
    expect(lines).to.have.length(4);
    for (const line of lines) expect(line).to.match(/access-denied/);
  });

  it("cuts the connection of an answer without its end, so that nobody takes it for whole", async () => {
    for (const path of ["/unfinished", "/short"]) {
      const response = await open({ port, path }).catch((reason: unknown) => reason);
      const error =
        response instanceof http.IncomingMessage ? await text(response).catch((reason: unknown) => reason) : response;
      const isRefused = response instanceof http.IncomingMessage && response.statusCode === 500;
      expect(isRefused || error instanceof Error, path).to.equal(true);
    }
    await executor.until(() => executor.stderr.includes("finish: Err(ErrorCode::HttpResponseBodySize(Some(4)))"));
  });

  it("answers 500 for a guest that traps, says nothing or sets an error, and logs why", async () => {
    for (const [path, reason] of [
      ["/trap", /unreachable/],
      ["/no-answer", /without an answer/],
      ["/error", /configuration-error/],
    ] as const) {
      expect((await exchange({ port, path })).status, path).to.equal(500);
      const line = await executor.failure(path);
      expect(line["reason"], path).to.match(reason);
      expect(line, path).to.include({ level: "error", status: 500, method: "GET" });
    }
    expect(await get("/")).to.equal("call 1");
  });

  it("takes requests of HTTP/1.0, in absolute form, and in a pipeline", async () => {
    const socket = net.connect(port, "127.0.0.1");
    socket.write("GET http://example.test/a?b HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n");
    socket.write("GET / HTTP/1.0\r\n\r\n");
    const answers = await text(socket);
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).to.have.length(3);
    expect(answers.match(/call 1\n/g)).to.have.length(3);
  });
});
