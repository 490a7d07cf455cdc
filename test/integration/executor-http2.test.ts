import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type ClientHttp2Session, constants } from "node:http2";
import net from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { ExecutorProcess } from "../support/executor-process.ts";
import { exchange } from "../support/http-exchange.ts";
import { exchangeHttp2, openSession, openStream } from "../support/http2-exchange.ts";
import { buildRustGuest } from "../support/rust-guest.ts";

const SIZE = 256 << 20;
const CHUNK = Buffer.alloc(1 << 20, "u");

describe("executor serve, HTTP/2 with prior knowledge", function suite() {
  this.timeout(120_000);
  let file = "";
  let executor: ExecutorProcess;
  let port: number;
  let session: ClientHttp2Session;

  before(async function () {
    this.timeout(600_000);
    file = join(await buildRustGuest("rust-host"), "rust_host.wasm");
    executor = new ExecutorProcess(["serve", "--listen", "127.0.0.1:0", file]);
    port = await executor.port();
  });
  after(async () => {
    const { code } = await executor.stop();
    expect(code).to.equal(0);
  });
  beforeEach(async () => {
    session = await openSession(port);
  });
  afterEach(() => {
    session.destroy();
  });

  it("answers on the port of HTTP/1.1, a guest in its first state for each of many streams", async () => {
    const asked = Array.from({ length: 300 }, async () => exchangeHttp2(session, { path: "/" }));
    const both = await Promise.all([...asked, exchange({ port, path: "/" })]);
    expect(new Set(both.map(({ status, body }) => `${status} ${body}`))).to.deep.equal(new Set(["200 call 1\n"]));
    expect((await exchangeHttp2(session, { path: "/" })).headers).to.include({ "content-length": "7" });
  });

  it("shows guests a request as that of HTTP/1.1", async () => {
    const headers = { "x-own": ["one", "two"], cookie: ["a=1", "b=2"], ":authority": "example.test" };
    const lines = (await exchangeHttp2(session, { path: "/fields", headers })).body.split("\n");
    expect(lines).to.include.members([
      'method Method::Get scheme Some(Scheme::Http) authority Some("example.test")',
      "cookie=a=1; b=2",
    ]);
    expect(lines.filter((line) => line.startsWith("x-own="))).to.deep.equal(["x-own=one", "x-own=two"]);
    expect(lines.filter((line) => line.startsWith(":"))).to.deep.equal([]);
  });

  it("answers HEAD without a body", async () => {
    const { status, headers, body } = await exchangeHttp2(session, { path: "/", method: "HEAD" });
    expect([status, headers["content-length"], body]).to.deep.equal([200, "7", ""]);
    expect((await exchangeHttp2(session, { path: "/download?3000000", method: "HEAD" })).body).to.equal("");
  });

  it("gives a body back while it comes, and passes trailers both ways", async () => {
    const body = randomBytes(3_000_000);
    const stream = openStream(session, { path: "/echo", body });
    expect(Buffer.concat((await stream.toArray()) as Buffer[]).equals(body)).to.equal(true);
    const answer = await exchangeHttp2(session, { path: "/trailers", body: "12345", trailers: { one: "1" } });
    expect(answer.body).to.equal("body\n");
    expect(Object.entries(answer.trailers)).to.have.deep.members([
      ["x-bytes", "5"],
      ["x-one", "1"],
    ]);
  });

  it("tells a client that asks before it sends a body to go on", async () => {
    const headers = { ":path": "/upload", ":method": "POST", expect: "100-continue" };
    const stream = session.request(headers);
    await once(stream, "continue", { signal: AbortSignal.timeout(10_000) });
    stream.end("12345");
    expect(String(Buffer.concat((await stream.toArray()) as Buffer[]))).to.equal("5 bytes\n");
  });

  it("takes and gives 256 MiB at flat memory", async () => {
    await exchangeHttp2(session, { path: "/download?1000000" }); // Warm.
    const residentMiB = executor.resetPeak();
    const upload = session.request({ ":path": "/upload", ":method": "POST" });
    for (let sent = 0; sent < SIZE; sent += CHUNK.length) if (!upload.write(CHUNK)) await once(upload, "drain");
    upload.end();
    expect(String(Buffer.concat((await upload.toArray()) as Buffer[]))).to.equal(`${SIZE} bytes\n`);
    let received = 0;
    for await (const chunk of openStream(session, { path: `/download?${SIZE}` })) received += (chunk as Buffer).length;
    expect(received).to.equal(SIZE);
    expect(executor.peakMiB() - residentMiB).to.be.lessThan(150);
  });

  it("holds a guest back whose client does not read, and goes on with its other streams", async () => {
    const stuck = openStream(session, { path: `/download?${SIZE}` });
    await once(stuck, "response");
    await delay(500);
    const residentMiB = executor.residentMiB();
    await delay(1000);
    expect(executor.residentMiB() - residentMiB).to.be.lessThan(50);
    expect((await exchangeHttp2(session, { path: "/" })).body).to.equal("call 1\n");
    stuck.close(constants.NGHTTP2_CANCEL);
  });

  it("tells a guest that its client has gone, by its stream or its connection", async () => {
    for (const leave of [
      (stream: ReturnType<typeof openStream>) => {
        stream.close(constants.NGHTTP2_CANCEL);
      },
      () => {
        session.destroy();
      },
    ]) {
      const seen = executor.stderr.split("the client has gone").length;
      const stream = openStream(session, { path: "/endless" }).on("error", () => undefined);
      await once(stream, "readable");
      leave(stream);
      await executor.until(() => executor.stderr.split("the client has gone").length > seen);
    }
    expect((await exchange({ port, path: "/" })).body).to.equal("call 1\n");
  });

  it("cuts the stream of an answer without its end, and answers 500 for a guest that traps", async () => {
    for (const path of ["/unfinished", "/short"]) {
      const answer = await exchangeHttp2(session, { path }).catch((reason: unknown) => reason);
      expect(answer instanceof Error || (answer as { status: number }).status === 500, path).to.equal(true);
    }
    expect((await exchangeHttp2(session, { path: "/trap" })).status).to.equal(500);
    expect((await executor.failure("/trap"))["reason"]).to.match(/unreachable/);
    expect((await exchangeHttp2(session, { path: "/" })).body).to.equal("call 1\n");
  });

  it("outlives clients that ask and give up at once, send nonsense, or too many headers", async () => {
    for (let turn = 0; turn < 2000; turn += 1) {
      openStream(session, { path: "/sleep?1000" })
        .on("error", () => undefined)
        .close(constants.NGHTTP2_CANCEL);
    }
    const nonsense = net.connect(port, "127.0.0.1").on("error", () => undefined);
    nonsense.end(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), randomBytes(10_000)]));
    await new Promise((resolve) => nonsense.resume().once("close", resolve)); // Whether it is closed or reset.
    const large = await openSession(port);
    const headers = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-${index}`, "a".repeat(1000)]));
    const refused = await exchangeHttp2(large, { path: "/", headers }).catch((reason: unknown) => reason);
    expect(refused).to.be.instanceOf(Error);
    large.destroy();
    const other = await openSession(port);
    expect((await exchangeHttp2(other, { path: "/" })).body).to.equal("call 1\n");
    other.destroy();
  });

  it("outlives a client that goes just after its first words, the first one there is", async () => {
    const own = new ExecutorProcess(["serve", "--listen", "127.0.0.1:0", file]);
    const ownPort = await own.port();
    for (let turn = 0; turn < 20; turn += 1) {
      const socket = net.connect(ownPort, "127.0.0.1").on("error", () => undefined);
      await once(socket, "connect");
      socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
      if (turn % 2 === 0) await delay(1);
      socket.resetAndDestroy();
    }
    expect((await exchange({ port: ownPort, path: "/" })).body).to.equal("call 1\n");
    expect((await own.stop()).code).to.equal(0);
  });

  it("says that it goes when it is stopped, and ends the streams that it has", async () => {
    const own = new ExecutorProcess(["serve", "--listen", "127.0.0.1:0", file]);
    const client = await openSession(await own.port());
    const slow = openStream(client, { path: "/slow?1500" });
    await once(slow, "response");
    const going = once(client, "goaway", { signal: AbortSignal.timeout(20_000) });
    const stopped = own.stop();
    await going;
    expect(String(Buffer.concat((await slow.toArray()) as Buffer[]))).to.equal("first\nsecond\n");
    expect((await stopped).code).to.equal(0);
    client.destroy();
  });
});
