import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { KubeConfig } from "@kubernetes/client-node";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { forwardToPod } from "./forward-to-pod.ts";
import { serveConnections } from "./serve-connections.ts";

/** RFC 6455, section 1.3. */
const WEBSOCKET_KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const BINARY = 0x82;
const CLOSE = 0x88;
const TARGET = { namespace: "apps", pod: "hello-1", port: 8080 };
const OPENING = [Buffer.from([0, 0x90, 0x1f]), Buffer.from([1, 0x90, 0x1f])]; // The port, on both channels.

/** A frame of a server, with less than 64 KiB. */
function frame(kind: number, content: Uint8Array): Buffer {
  const head = content.length < 126 ? [kind, content.length] : [kind, 126, content.length >> 8, content.length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

/** What a client's frames have in them, short ones; without those that end the connection. */
function contents(frames: Buffer): readonly Buffer[] {
  if (frames.length < 6) return [];
  const length = (frames[1] ?? 0) & 127;
  const content = frames.subarray(6, 6 + length).map((byte, at) => byte ^ (frames[2 + (at % 4)] ?? 0));
  const rest = contents(frames.subarray(6 + length));
  return frames[0] === BINARY ? [Buffer.from(content), ...rest] : rest;
}

describe("forwardToPod()", () => {
  let server: Server | undefined;
  const ending = { last: new AbortController() };
  afterEach(() => {
    ending.last.abort();
    server?.close();
    server?.closeAllConnections();
  });

  /** The other end of a WebSocket that the API server would have opened. */
  async function listen(onOpen: (socket: Duplex, path: string) => void): Promise<KubeConfig> {
    server = createServer((_, response) => response.writeHead(403).end()).listen(0, "127.0.0.1");
    server.on("upgrade", (request, socket) => {
      const accept = createHash("sha1")
        .update(`${request.headers["sec-websocket-key"]}${WEBSOCKET_KEY}`)
        .digest("base64");
      const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
      const more = [`Sec-WebSocket-Accept: ${accept}`, "Sec-WebSocket-Protocol: v4.channel.k8s.io", "", ""];
      socket.on("error", () => undefined);
      socket.write([...head, ...more].join("\r\n"));
      onOpen(socket, request.url ?? "");
    });
    await once(server, "listening");
    const config = new KubeConfig();
    const { port } = server.address() as AddressInfo;
    config.loadFromOptions({
      clusters: [{ name: "c", server: `http://127.0.0.1:${port}`, skipTLSVerify: true }],
      users: [{ name: "u" }],
      contexts: [{ name: "x", cluster: "c", user: "u" }],
      currentContext: "x",
    });
    return config;
  }

  /** One connection of a client that says hello. */
  async function talk(config: KubeConfig): Promise<{ readonly answer: Buffer; readonly problems: readonly string[] }> {
    ending.last = new AbortController();
    const listening = Promise.withResolvers<number>();
    const problems: string[] = [];
    const serving = serveConnections(
      {
        port: 0,
        onListening: listening.resolve,
        connect: async (socket, signal) => forwardToPod(config, TARGET, socket, signal),
        onProblem: (problem) => problems.push(String(problem)),
      },
      ending.last.signal,
    );
    const client = connect(await listening.promise, "127.0.0.1");
    client.write("hello");
    const answer = await buffer(client);
    client.destroy();
    await new Promise((resolve) => setImmediate(resolve)); // What failed is said when the connection has ended.
    ending.last.abort();
    await serving;
    return { answer, problems };
  }

  it("carries bytes both ways until the pod ends the connection", async () => {
    const block = Buffer.alloc(60_000, "x");
    const blockFrame = frame(BINARY, Buffer.concat([Buffer.from([0]), block]));
    const config = await listen((socket, path) => {
      expect(path).to.equal("/api/v1/namespaces/apps/pods/hello-1/portforward?ports=8080");
      for (const port of OPENING) socket.write(frame(BINARY, port));
      socket.once("data", (frames: Buffer) => {
        for (const said of contents(frames)) socket.write(frame(BINARY, said)); // On the channel that it came on.
        for (let count = 0; count < 50; count += 1) socket.write(blockFrame);
        socket.end(frame(CLOSE, Buffer.alloc(0)));
      });
    });
    const { answer, problems } = await talk(config);
    expect(problems).to.deep.equal([]);
    expect(answer.subarray(0, 5).toString()).to.equal("hello");
    expect(answer.length).to.equal(5 + 50 * block.length);
  });

  it("says what the other side says on its channel of errors", async () => {
    const config = await listen((socket) => {
      for (const port of OPENING) socket.write(frame(BINARY, port));
      socket.write(frame(BINARY, Buffer.from("\u0001connection refused\n")));
      socket.end(frame(CLOSE, Buffer.alloc(0)));
    });
    const { answer, problems } = await talk(config);
    expect(answer.length).to.equal(0);
    expect(problems).to.deep.equal(['CliError: Cannot connect to port 8080 of pod "apps/hello-1": connection refused']);
  });

  it("says that it may not", async () => {
    const config = await listen(() => undefined);
    server?.removeAllListeners("upgrade");
    const { problems } = await talk(config);
    expect(problems.length).to.equal(1);
    expect(problems[0]).to.include('Cannot connect to port 8080 of pod "apps/hello-1": ').and.to.include("403");
  });
});
