import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { ClientAnswer } from "./answer.ts";
import type { ClientRequest } from "./client-request.ts";
import { HttpServer, LAST_MS } from "./http-server.ts";
import { DEFAULT_LIMITS } from "./limits.ts";

/** More than the kernel takes for a client that does not read. */
const LARGE = Buffer.alloc(32 << 20, "a");
const GRACE_MS = 30_000;
/** Longer than a server waits for connections that have nothing to wait for. */
const PAUSE_MS = 1500;

/** A server whose guests are always done at once. */
function serverOf(body: Buffer, graceMs: number): HttpServer {
  return new HttpServer({
    requests: {
      handle: (asked, answer) => {
        if (asked.pathWithQuery === "/refused") refuseLater(asked, answer);
        else answer.reply(200, [], body);
      },
      idle: async () => Promise.resolve(),
      closeAfterAnswers: () => undefined,
      endAll: () => undefined,
    },
    address: { host: "127.0.0.1", port: 0 },
    limits: { ...DEFAULT_LIMITS, lingerMs: 0, graceMs },
    sharing: "none",
    onRequest: () => undefined,
  });
}

/** As for a guest that has read a part of the body when it is ended. */
function refuseLater(asked: ClientRequest, answer: ClientAnswer): void {
  const { stream } = asked.body();
  let isEnded = false;
  stream?.on("readable", () => {
    if (isEnded || stream.read() === null) return;
    isEnded = true;
    answer.refuse(504, "Gateway Timeout");
  });
}

describe("HttpServer", () => {
  const work: { server: HttpServer; port: number } = { server: serverOf(LARGE, GRACE_MS), port: 0 };

  beforeEach(async () => {
    await serve(LARGE);
  });
  afterEach(async () => {
    await work.server.stop();
  });

  async function serve(body: Buffer, graceMs = GRACE_MS): Promise<void> {
    work.server = serverOf(body, graceMs);
    work.port = (await work.server.listen()).port;
  }

  async function stopMs(): Promise<number> {
    const start = performance.now();
    await work.server.stop();
    return performance.now() - start;
  }

  it("lets clients of HTTP/1.1 read their answers when it stops, and ends connections as soon as they have", async () => {
    const client = connect(work.port, "127.0.0.1");
    client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await once(client, "readable");
    const stopped = stopMs();
    await delay(PAUSE_MS);
    expect((await text(client)).length).to.be.greaterThan(LARGE.length);
    expect(await stopped).to.be.within(PAUSE_MS, GRACE_MS);
  });

  it("lets clients of HTTP/2 read their answers when it stops", async () => {
    const session = connectHttp2(`http://127.0.0.1:${work.port}`);
    const stream = session.request({ ":path": "/" });
    await once(stream, "response");
    const stopped = stopMs();
    await delay(PAUSE_MS);
    expect((await text(stream)).length).to.equal(LARGE.length);
    expect(await stopped).to.be.within(PAUSE_MS, GRACE_MS);
  });

  it("cuts answers that nobody has read by the end of the grace period", async () => {
    await work.server.stop();
    await serve(LARGE, 1000);
    const client = connect(work.port, "127.0.0.1").on("error", () => undefined);
    client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await once(client, "readable");
    expect(await stopMs()).to.be.within(1000, GRACE_MS);
    client.destroy();
  });

  it("ends connections at once that nothing is asked on", async () => {
    await work.server.stop();
    await serve(Buffer.from("small"));
    const agent = new Agent({ keepAlive: true });
    const asked = request({ port: work.port, host: "127.0.0.1", agent }).end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    expect(await text(response)).to.equal("small");
    const session = connectHttp2(`http://127.0.0.1:${work.port}`);
    expect(await text(session.request({ ":path": "/" }))).to.equal("small");
    expect(await stopMs(), "at the end it would wait so long for clients").to.be.lessThan(LAST_MS);
  });

  it("reads the rest of a body whose guest was ended, so that the connection can be used again", async () => {
    await work.server.stop();
    await serve(Buffer.from("small"));
    const client = connect(work.port, "127.0.0.1");
    client.write("POST /refused HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nfirst");
    await once(client, "readable");
    expect(String(client.read())).to.match(/^HTTP\/1.1 504 /);
    client.write(Buffer.alloc(999_995));
    client.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    expect(await text(client)).to.match(/^HTTP\/1.1 200 [^]*small$/);
  });

  it("outlives a client that takes back what it asks for before it is told to go on", async () => {
    await work.server.stop();
    await serve(Buffer.from("small"));
    const client = connect(work.port, "127.0.0.1").on("error", () => undefined);
    client.resume().write(Buffer.concat([PREFACE, frame(SETTINGS, 0, []), frame(HEADERS, 1, EXPECTING), RESET]));
    await delay(100);
    client.destroy();
    const session = connectHttp2(`http://127.0.0.1:${work.port}`);
    expect(await text(session.request({ ":path": "/" }))).to.equal("small");
    session.close();
  });
});

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** Types of frames: RFC 9113, 6. */
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const END_HEADERS = 4;
/** Of the stream 1, with the code CANCEL. */
const RESET = frame(RST_STREAM, 1, [0, 0, 0, 8]);
/** `:method` POST, `:path` "/", `:scheme` http, `:authority` "a", and `expect`: by the numbers of RFC 7541, appendix A. */
const EXPECTING = [0x83, 0x84, 0x86, 0x41, 1, 0x61, 0x63, 12, ...Buffer.from("100-continue")];

function frame(type: number, stream: number, payload: readonly number[]): Buffer {
  const flags = type === HEADERS ? END_HEADERS : 0;
  return Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream, ...payload]);
}
