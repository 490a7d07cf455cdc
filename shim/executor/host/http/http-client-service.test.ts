import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type LookupFunction } from "node:net";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import type { HostServices } from "../services.ts";
import { HostState } from "../state.ts";
import { type HttpErrorCode, httpErrorCode } from "./error-code.ts";
import { Fields } from "./fields.ts";
import { type HttpClientOptions, HttpClientService } from "./http-client-service.ts";
import type { IncomingResponse } from "./messages.ts";
import { OutgoingBody } from "./outgoing-body.ts";
import type { OutgoingCall } from "./outgoing-service.ts";

const MAX_FIELD_BYTES = 128 << 10;
const SOON_MS = 50;
const BODY_BYTES = 300_000;

interface Wish extends Partial<OutgoingCall> {
  readonly path?: string;
  readonly scheme?: "http" | "https";
  readonly port?: number;
  readonly options?: Partial<HttpClientOptions>;
  /** By the service of the request before. */
  readonly again?: true;
}

function state(): HostState {
  return new HostState({} as HostServices, { deadlineMs: performance.now() + 10_000, computeMs: 1000 });
}

/** Whole, with a trailer, as if it had been written before the request was handed over. */
function bodyOf(bytes: string): OutgoingBody {
  const body = new OutgoingBody(state(), { bytes: undefined, mismatch: "HTTP-request-body-size" });
  body.openStream();
  body.write(Buffer.from(bytes));
  body.close();
  const trailers = Fields.empty(1000);
  trailers.append("x-end", Buffer.from("1"));
  body.finish(trailers);
  return body;
}

/** The body, and the code of its error if it ends with one. */
async function bodyText(response: IncomingResponse): Promise<string> {
  const stream = response.consume()?.openStream();
  if (stream === undefined) throw new Error("A new response has no body");
  let read = "";
  const waiter = state();
  for (;;) {
    const taken = stream.take(1000);
    if (taken === undefined) await waiter.wait([stream]);
    else if (taken instanceof Uint8Array) read += Buffer.from(taken).toString("latin1");
    else return taken.tag === "closed" ? read : `${read} ${(taken.val.code as HttpErrorCode).tag}`;
  }
}

function blocked(...[_name, _options, callback]: Parameters<LookupFunction>): void {
  callback(Object.assign(new Error("blocked"), { code: "EHOSTUNREACH" }), "");
}

function never(): void {}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === "/silent") return;
  const large = /^\/large\?(\d+)$/.exec(request.url ?? "")?.[1] ?? "0";
  response.writeHead(200, { "x-large": "a".repeat(Number(large)) });
  if (request.url === "/stall") response.write("some");
  else if (request.url === "/cut") response.write("half", () => response.destroy());
  else response.end(`${await text(request)} ${request.rawTrailers.join("=")}`);
}

for (const [way, headers] of [
  ["undici", []],
  ["node:http", ["trailer", "x-end"]],
] as const) {
  describe(`HttpClientService, by ${way}`, () => {
    let seen: string[] = [];
    let service: HttpClientService | undefined;
    let port: number;
    let nonsensePort: number;
    const server = createServer({ maxHeaderSize: 1 << 20 }, (request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers["transfer-encoding"] ?? "whole"}`);
      answer(request, response).catch(() => seen.push("broken off"));
    });
    const nonsense = createTcpServer((socket) => socket.end("nonsense\r\n\r\n"));

    async function send({ path = "/", scheme = "http", options, ...more }: Wish): Promise<IncomingResponse> {
      if (more.again === undefined || service === undefined) {
        service = new HttpClientService({ isAllowed: () => true, maxConnections: 1, ...options });
      }
      const { promise, resolve, reject } = Promise.withResolvers<IncomingResponse>();
      const host = options?.lookup === undefined ? "127.0.0.1" : "name.test";
      const call = {
        target: { scheme, host, port: more.port ?? port, pathWithQuery: path },
        method: "POST",
        headers,
        body: bodyOf("abc"),
        maxFieldBytes: MAX_FIELD_BYTES,
        signal: new AbortController().signal,
        onResponse: resolve,
        onEnd(error: Error | undefined) {
          if (error !== undefined) reject(error);
        },
        ...more,
      };
      service.send(call as unknown as OutgoingCall);
      return promise;
    }

    async function codeOf(wish: Wish): Promise<HttpErrorCode["tag"]> {
      return httpErrorCode(await send(wish).catch((reason: unknown) => reason)).tag;
    }

    before(async () => {
      for (const each of [server, nonsense]) await once(each.listen(0, "127.0.0.1"), "listening");
      ({ port } = server.address() as AddressInfo);
      ({ port: nonsensePort } = nonsense.address() as AddressInfo);
    });
    after(() => {
      server.close();
      nonsense.close();
    });
    afterEach(async () => {
      seen = [];
      await service?.close();
      server.closeAllConnections();
    });

    it("sends the body, and trailers if they are declared", async () => {
      const body = await bodyText(await send({}));
      expect([body, ...seen]).to.deep.equal(
        way === "undici" ? ["abc ", "POST / whole"] : ["abc x-end=1", "POST / chunked"],
      );
    });

    it("takes a response whose head is as large as fields may be, and no larger one", async () => {
      const fitting = MAX_FIELD_BYTES - 1000;
      expect((await send({ path: `/large?${fitting}` })).headers.text("x-large")).to.have.length(fitting);
      expect(await codeOf({ path: `/large?${MAX_FIELD_BYTES}` })).to.equal("HTTP-response-header-section-size");
    });

    it("tells by the same codes why there is no response", async () => {
      const controller = new AbortController();
      const aborted = codeOf({ path: "/silent", signal: controller.signal });
      controller.abort(new Error("enough"));
      expect(await aborted).to.equal("internal-error");
      expect(await codeOf({ options: { lookup: blocked } })).to.equal("destination-IP-unroutable");
      expect(await codeOf({ port: 1 })).to.equal("connection-refused");
      expect(await codeOf({ scheme: "https" })).to.equal("TLS-protocol-error");
      expect(await codeOf({ port: nonsensePort })).to.equal("HTTP-protocol-error");
      expect(await codeOf({ path: "/\u4e00" })).to.equal("HTTP-request-URI-invalid");
      expect(await bodyText(await send({ path: "/cut" }))).to.equal("half connection-terminated");
    });

    it("keeps the three timeouts", async () => {
      expect(await codeOf({ options: { lookup: never }, connectTimeoutMs: SOON_MS })).to.equal("connection-timeout");
      expect(await codeOf({ path: "/silent", firstByteTimeoutMs: SOON_MS })).to.equal("HTTP-response-timeout");
      const stalled = await send({ path: "/stall", betweenBytesTimeoutMs: SOON_MS });
      expect(await bodyText(stalled)).to.equal("some connection-read-timeout");
    });

    it("has a request wait for one of its connections, and uses it again", async () => {
      const connections: unknown[] = [];
      server.on("connection", (socket) => connections.push(socket));
      const first = await send({});
      const second = send({ again: true, path: "/second", body: bodyOf("x".repeat(BODY_BYTES)) });
      expect(await bodyText(first)).to.match(/^abc /);
      expect((await bodyText(await second)).trimEnd()).to.have.length.at.least(BODY_BYTES);
      expect([connections.length, seen.length]).to.deep.equal([1, 2]);
      const times = { connectTimeoutMs: SOON_MS, firstByteTimeoutMs: 3 * SOON_MS };
      expect(await codeOf({ again: true, path: "/silent", ...times })).to.equal("HTTP-response-timeout");
      expect(connections).to.have.length(1);
    });

    it("does not wait for a body that was broken off at once", async () => {
      for (const begins of [true, false]) {
        const guest = state();
        const body = new OutgoingBody(guest, { bytes: undefined, mismatch: "HTTP-request-body-size" });
        const response = new Promise((resolve) => {
          // Here the stream's error comes before any promise is settled.
          setImmediate(() => {
            resolve(codeOf({ body }));
            if (begins) guest.sendHeld();
            body.drop();
          });
        });
        expect(await response).to.equal("HTTP-protocol-error");
      }
    });

    it("tells the server that a body is broken off", async () => {
      const guest = state();
      const body = new OutgoingBody(guest, { bytes: undefined, mismatch: "HTTP-request-body-size" });
      body.openStream();
      body.write(Buffer.from("half"));
      const response = codeOf({ body });
      guest.sendHeld();
      while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      body.drop();
      expect(await response).to.equal("HTTP-protocol-error");
      while (seen.length === 1) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(seen.at(-1)).to.equal("broken off");
    });
  });
}

describe("HttpClientService", () => {
  it("sends the head of a request before there is anything of its body, if its guest waits", async () => {
    const server = createServer((request, response) => {
      response.flushHeaders();
      request.pipe(response);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const service = new HttpClientService({ isAllowed: () => true, maxConnections: 1 });
    const guest = state();
    const body = new OutgoingBody(guest, { bytes: undefined, mismatch: "HTTP-request-body-size" });
    const { promise, resolve, reject } = Promise.withResolvers<IncomingResponse>();
    service.send({
      target: { scheme: "http", host: "127.0.0.1", port, pathWithQuery: "/" },
      method: "PUT",
      headers: [],
      body,
      maxFieldBytes: MAX_FIELD_BYTES,
      signal: AbortSignal.timeout(5000),
      onResponse: resolve,
      onEnd: reject,
    } as unknown as OutgoingCall);
    guest.sendHeld();
    const response = await promise;
    body.openStream();
    body.write(Buffer.from("late"));
    body.close();
    body.finish(undefined);
    expect(await bodyText(response)).to.equal("late");
    await service.close();
    server.close();
  });
});
