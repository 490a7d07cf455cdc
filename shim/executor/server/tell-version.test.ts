import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { tellVersion, versionOf } from "./tell-version.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

describe("versionOf()", () => {
  for (const [first, version] of [
    [PREFACE, 2],
    [`${PREFACE}and more`, 2],
    ["P", undefined],
    [PREFACE.slice(0, -1), undefined],
    ["GET / HTTP/1.1\r\n", 1],
    ["POST /", 1],
    ["PRI * HTTP/1.1\r\n", 1],
    ["\0", 1],
  ] as const) {
    it(`of ${JSON.stringify(first)} is ${String(version)}`, () => {
      expect(versionOf(Buffer.from(first))).to.equal(version);
    });
  }
});

describe("tellVersion()", () => {
  const work: { server: Server; told: string[]; timeoutMs: number } = {
    server: createServer(),
    told: [],
    timeoutMs: 0,
  };

  beforeEach(async () => {
    work.told = [];
    work.timeoutMs = 10_000;
    work.server = createServer({ allowHalfOpen: true }, (socket) => {
      tellVersion(socket, work.timeoutMs, (version) => {
        void text(socket).then((content) => {
          work.told.push(`${version} ${content}`);
          socket.end();
          return undefined;
        });
      });
    });
    await once(work.server.listen(0, "127.0.0.1"), "listening");
  });

  afterEach((done) => {
    work.server.close(done);
  });

  function client(): Socket {
    return connect((work.server.address() as AddressInfo).port, "127.0.0.1");
  }

  it("puts back what it has read, however it comes", async () => {
    const socket = client();
    for (const part of ["PR", "I * HTTP/2.0\r\n\r\nSM", "\r\n\r\nframes"]) {
      socket.write(part);
      await delay(30);
    }
    await text(socket.end());
    await text(client().end("GET / HTTP/1.1\r\n\r\n"));
    expect(work.told).to.deep.equal([`2 ${PREFACE}frames`, "1 GET / HTTP/1.1\r\n\r\n"]);
  });

  it("cuts off who says nothing", async () => {
    work.timeoutMs = 50;
    const silent = client();
    const slow = client();
    slow.write("PRI");
    await Promise.all([text(silent), text(slow)]);
    expect(work.told).to.deep.equal([]);
  });

  it("lets go at once of who goes before he has said enough, as probes do", async () => {
    work.timeoutMs = 600_000;
    await Promise.all([text(client().end()), text(client().end("PR"))]);
    expect(work.told).to.deep.equal([]);
  });

  it("leaves the end of a client to others once it is told", async () => {
    const socket = client();
    socket.write("GET / HTTP/1.1\r\n");
    await delay(30);
    socket.end("\r\n");
    await text(socket);
    expect(work.told).to.deep.equal(["1 GET / HTTP/1.1\r\n\r\n"]);
  });
});
