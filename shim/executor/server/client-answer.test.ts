import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { Fields } from "../host/http/fields.ts";
import { OutgoingResponse } from "../host/http/messages.ts";
import type { OutgoingBody } from "../host/http/outgoing-body.ts";
import type { HostServices } from "../host/services.ts";
import { GuestHandler } from "./guest-handler.ts";
import { GuestRequests } from "./guest-requests.ts";
import { HttpServer } from "./http-server.ts";
import type { InstancePool } from "./instance-pool.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { PodLog } from "./pod-log.ts";
import { type Visit, Visits } from "./visits.ts";

const LIMITS = { ...DEFAULT_LIMITS, lingerMs: 0 };
const NEVER_OPENED = "its content-length is 5, and its body was never opened";

type Pairs = Readonly<Record<string, string>>;

function fieldsOf(pairs: Pairs): Fields {
  const fields = Fields.empty(1000);
  for (const [name, value] of Object.entries(pairs)) fields.append(name, Buffer.from(value));
  return fields;
}

function set({ answer }: Visit, status: number, headers: Pairs = {}): void {
  const response = new OutgoingResponse(fieldsOf(headers));
  expect(response.setStatus(status)).to.equal(true);
  answer.respond(response);
}

function open({ answer, state }: Visit, headers: Pairs): OutgoingBody {
  const response = new OutgoingResponse(fieldsOf(headers));
  const body = response.openBody(state);
  if (body?.openStream() === undefined) throw new Error("A new response has no body");
  answer.respond(response);
  return body;
}

function finish(body: OutgoingBody, rest: string, trailers?: Pairs): void {
  body.write(Buffer.from(rest));
  body.close();
  expect(body.finish(trailers === undefined ? undefined : fieldsOf(trailers))).to.equal(undefined);
}

describe("An answer to a client", () => {
  /** Until it is called, `/late` waits. */
  let goOn: () => void;
  let log: string;
  const guests: Readonly<Record<string, (visit: Visit) => unknown>> = {
    "/small": (visit) => {
      finish(open(visit, {}), "small");
    },
    "/late": async (visit) => {
      const body = open(visit, { trailer: "x-end" });
      const { promise, resolve } = Promise.withResolvers<undefined>();
      goOn = () => {
        resolve(undefined);
      };
      await visit.state.waitFor(promise);
      finish(body, "late");
    },
    "/flushed": async (visit) => {
      const body = open(visit, {});
      body.flush();
      await new Promise<void>((resolve) => (goOn = resolve)); // As one that computes.
      finish(body, "late");
    },
    "/promised": (visit) => {
      set(visit, 200, { "content-length": "5" });
    },
    "/informed": (visit) => {
      const { answer } = visit;
      const codes = [103, 110, 101].map((status) =>
        answer.informational(status, ["link", "</a>", "x-a", String(status)]),
      );
      set(visit, 200, { "x-codes": codes.map((code) => code?.tag ?? "sent").join(" ") });
      expect(answer.informational(103, [])).to.have.property("tag", "internal-error");
    },
    "/unchanged": (visit) => {
      set(visit, 304, { "content-length": "5" });
    },
    "/799": (visit) => {
      set(visit, 799);
    },
    "/trailer": (visit) => {
      finish(open(visit, { trailer: "x-end", "x-own": "trailer" }), "body");
    },
    "/trailers": (visit) => {
      finish(open(visit, { trailer: "x-end" }), "body", { "x-end": "1" });
    },
    "/length-and-trailers": (visit) => {
      finish(open(visit, { trailer: "x-end", "content-length": "4" }), "body", { "x-end": "1" });
    },
  };

  const visits = new Visits(LIMITS, () => undefined);
  const handler = new GuestHandler({
    pool: {
      take: () => ({ instance: { dispose: () => undefined } }),
      giveBack: () => undefined,
    } as unknown as InstancePool,
    entry: {
      export: { interface: "", name: "" },
      admit: () => ({
        services: {} as HostServices,
        enter: (_func, visit): unknown => guests[visit.head.pathWithQuery ?? ""]?.(visit),
      }),
    },
    limits: LIMITS,
    log: new PodLog((line) => (log += line)),
    visits,
  });
  const server = new HttpServer({
    requests: new GuestRequests({ handler, visits }),
    address: { host: "127.0.0.1", port: 0 },
    limits: LIMITS,
    sharing: "none",
    onRequest: () => undefined,
  });
  let port: number;
  let session: ClientHttp2Session;

  before(async () => {
    ({ port } = await server.listen());
  });
  after(async () => server.stop());
  beforeEach(() => {
    log = "";
    session = connectHttp2(`http://127.0.0.1:${port}`);
  });
  afterEach(() => {
    session.destroy();
  });

  function ask(path: string, method = "GET", version = "1.1"): Socket {
    const client = connect(port, "127.0.0.1");
    client.write(`${method} ${path} HTTP/${version}\r\nhost: a\r\nconnection: close\r\n\r\n`);
    return client.setEncoding("latin1");
  }

  async function answerOf(path: string, method?: string, version?: string): Promise<string> {
    return text(ask(path, method, version));
  }

  async function headOf(path: string, method = "GET"): Promise<IncomingHttpHeaders & { readonly ":status"?: number }> {
    const stream = session.request({ ":path": path, ":method": method });
    const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
    stream.resume();
    return headers;
  }

  for (const path of ["/late", "/flushed"]) {
    it(`has its head sent before the guest writes, if it waits or flushes: ${path}`, async () => {
      const client = ask(path);
      const [head] = (await once(client, "data", { signal: AbortSignal.timeout(10_000) })) as [string];
      expect(head).to.match(/^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\n$/);
      goOn();
      expect(await text(client)).to.equal("4\r\nlate\r\n0\r\n\r\n");
      const stream = session.request({ ":path": path });
      await once(stream, "response", { signal: AbortSignal.timeout(10_000) });
      goOn();
      expect(await text(stream)).to.equal("late");
      expect(log).to.equal("");
    });

    it(`has no body for HEAD, though its head was sent before: ${path}`, async () => {
      const client = ask(path, "HEAD");
      await once(client, "readable");
      goOn();
      expect(await text(client)).to.match(/^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\n$/);
      expect((await headOf(path, "HEAD"))[":status"]).to.equal(200);
      goOn();
      await visits.idle();
      expect(log).to.equal("");
    });
  }

  it("is one piece with its length if it is small", async () => {
    const [whole] = (await once(ask("/small"), "data")) as [string];
    expect(whole).to.match(/content-length: 5\r\n[^]*small$/);
    expect(await headOf("/small")).to.include({ "content-length": "5" });
  });

  it("is an error where the guest promises a body and opens none", async () => {
    expect(await answerOf("/promised")).to.match(/^HTTP\/1.1 500 [^]*Internal Server Error\n$/);
    expect(log).to.include(NEVER_OPENED);
    log = "";
    expect((await headOf("/promised"))[":status"]).to.equal(500);
    expect(log).to.include(NEVER_OPENED);
  });

  it("may say the length of a body that it must not have", async () => {
    const answers = [await answerOf("/promised", "HEAD"), await answerOf("/unchanged")];
    for (const answer of answers) expect(answer).to.match(/^HTTP\/1.1 (?:200|304) [^]*content-length: 5\r\n/);
    const heads = [await headOf("/promised", "HEAD"), await headOf("/unchanged")];
    expect(heads.map((head) => head["content-length"])).to.deep.equal(["5", "5"]);
  });

  it("is an error by HTTP/2 where its status is none of HTTP/2", async () => {
    expect(await answerOf("/799")).to.match(/^HTTP\/1.1 799 /);
    expect((await headOf("/799"))[":status"]).to.equal(500);
    expect(log).to.include("The guest answered with the error internal-error").and.include("HTTP/2 has no status 799");
  });

  for (const [path, method, version] of [
    ["/trailer", "GET", "1.1"],
    ["/trailers", "HEAD", "1.1"],
    ["/trailers", "GET", "1.0"],
    ["/length-and-trailers", "GET", "1.1"],
  ] as const) {
    it(`announces no trailers where none can follow: ${method} ${path} by HTTP/${version}`, async () => {
      const answer = await answerOf(path, method, version);
      expect(answer)
        .to.match(/^HTTP\/1.1 200 /)
        .and.not.match(/^trailer:|x-end/m);
      expect(answer.endsWith(method === "HEAD" ? "\r\n\r\n" : "\r\n\r\nbody")).to.equal(true);
      expect(log).to.equal("");
    });
  }

  it("may follow any informational answers, but for clients of HTTP/1.0", async () => {
    expect(await answerOf("/informed")).to.match(
      /^HTTP\/1.1 103 Early Hints\r\nlink: <\/a>\r\nx-a: 103\r\n\r\nHTTP\/1.1 110 [^]*x-a: 110\r\n\r\nHTTP\/1.1 200 OK\r\nx-codes: sent sent internal-error\r\n/,
    );
    const none = "internal-error internal-error internal-error";
    expect(await answerOf("/informed", "GET", "1.0")).to.match(new RegExp(`^HTTP/1.1 200 OK\r\nx-codes: ${none}\r\n`));
    const stream = session.request({ ":path": "/informed" }).resume();
    const hints: unknown[] = [];
    stream.on("headers", (headers: IncomingHttpHeaders) => hints.push(headers[":status"], headers["x-a"]));
    const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
    expect(headers["x-codes"]).to.equal("sent sent internal-error");
    expect(hints).to.deep.equal([103, "103", 110, "110"]);
    expect(log).to.equal("");
  });

  it("has trailers after a body of unknown length, and by HTTP/2 after any", async () => {
    expect(await answerOf("/trailers")).to.match(/\r\ntrailer: x-end\r\n[^]*\r\n0\r\nx-end: 1\r\n\r\n$/);
    for (const path of ["/trailers", "/length-and-trailers"]) {
      const stream = session.request({ ":path": path }).resume();
      const [trailers] = (await once(stream, "trailers")) as [IncomingHttpHeaders];
      expect(trailers).to.include({ "x-end": "1" });
    }
  });
});
