import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { OutgoingCall } from "../host/http/outgoing-service.ts";
import { DEFAULT_RUNTIME_CONFIG } from "../spin/runtime-config/parse-runtime-config.ts";
import { Outside } from "./outside.ts";

const LIMITED = {
  ...DEFAULT_RUNTIME_CONFIG,
  outboundHttp: { connectionPooling: true, maxConcurrentRequests: 1 },
};

describe("Outside", () => {
  let servers: readonly Server[];
  let outside: Outside;
  /** Requests that came in, and how to answer them. */
  let seen: { readonly path: string | undefined; readonly response: ServerResponse }[];
  let ends: string[];

  beforeEach(async () => {
    seen = [];
    ends = [];
    servers = await Promise.all(
      [0, 1].map(async () => {
        const server = createServer(({ url }, response) => seen.push({ path: url, response }));
        await once(server.listen(0, "127.0.0.1"), "listening");
        return server;
      }),
    );
  });
  afterEach(() => {
    outside[Symbol.dispose]();
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  function send(at: number, path: string, more: Partial<OutgoingCall> = {}): void {
    const address = servers[at]?.address() as AddressInfo | undefined;
    const port = address?.port ?? 0;
    outside.of(`component-${at}`).send({
      target: { scheme: "http", host: "127.0.0.1", port, pathWithQuery: path },
      method: "GET",
      headers: [],
      body: undefined,
      connectTimeoutMs: undefined,
      firstByteTimeoutMs: undefined,
      betweenBytesTimeoutMs: undefined,
      maxFieldBytes: 1000,
      depth: 1,
      signal: new AbortController().signal,
      onResponse: (response) => {
        response.consume()?.openStream()?.take(1);
      },
      onEnd: (error) => ends.push(`${path}: ${error?.message ?? "done"}`),
      ...more,
    });
  }

  function paths(): readonly (string | undefined)[] {
    return seen.map(({ path }) => path);
  }

  it("counts the requests of all components to all servers, and sends the next when one is over", async () => {
    outside = new Outside(LIMITED, "/", () => undefined);
    send(0, "/first");
    send(1, "/second");
    send(1, "/third");
    await until(() => seen.length > 0);
    await delay(50);
    expect(paths()).to.deep.equal(["/first"]);
    seen[0]?.response.end();
    await until(() => seen.length > 1);
    await delay(50);
    expect(paths()).to.deep.equal(["/first", "/second"]);
    seen[1]?.response.end();
    await until(() => seen.length > 2);
    seen[2]?.response.end();
    await until(() => ends.length === 3);
    expect(ends).to.deep.equal(["/first: done", "/second: done", "/third: done"]);
    expect(outside.isCounted).to.equal(true);
  });

  it("lets nobody wait longer than for a connection, nor one who has gone", async () => {
    outside = new Outside(LIMITED, "/", () => undefined);
    const gone = new AbortController();
    send(0, "/first");
    send(1, "/late", { connectTimeoutMs: 20 });
    send(1, "/gone", { signal: gone.signal });
    send(1, "/next");
    gone.abort(new Error("the guest has ended"));
    await until(() => ends.length === 2);
    expect(ends.toSorted()).to.deep.equal(["/gone: the guest has ended", "/late: connection-timeout"]);
    await until(() => seen.length > 0);
    seen[0]?.response.end();
    await until(() => seen.length > 1);
    expect(paths()).to.deep.equal(["/first", "/next"]);
  });

  it("counts nothing without a limit", async () => {
    outside = new Outside(DEFAULT_RUNTIME_CONFIG, "/", () => undefined);
    expect(outside.isCounted).to.equal(false);
    for (const path of ["/a", "/b", "/c"]) send(0, path);
    await until(() => seen.length === 3);
  });
});

describe("Outside, with certificates of the configuration", () => {
  const CONFIG = {
    componentIds: ["a"],
    hosts: ["h"],
    usesWebpkiRoots: undefined,
    caRootsFile: undefined,
    clientCertFile: undefined,
    clientPrivateKeyFile: undefined,
  } as const;
  const PEM = "-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "outside-"));
    for (const [name, content] of [
      ["empty.crt", ""],
      ["client.crt", PEM],
      ["client.key", "no key"],
    ] as const) {
      writeFileSync(join(folder, name), content);
    }
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  for (const [why, entry, message] of [
    [
      "a file of authorities without any",
      { caRootsFile: "/empty.crt" },
      /"\/empty.crt".*there is no certificate in it/,
    ],
    [
      "a certificate that is none",
      { clientCertFile: "/client.crt", clientPrivateKeyFile: "/client.key" },
      /"\/client.crt" of \[\[client_tls\]\].*it is no certificate in PEM, or the key in "\/client.key" is not its own/,
    ],
    ["a file that is not there", { caRootsFile: "/none.crt" }, /"\/none.crt" of \[\[client_tls\]\].*mount it/],
  ] as const) {
    it(`refuses ${why} before the first request`, () => {
      const config = { ...DEFAULT_RUNTIME_CONFIG, clientTls: [{ ...CONFIG, ...entry }] };
      expect(() => new Outside(config, folder, () => undefined)).to.throw(message);
    });
  }

  it("refuses two ways to one host", () => {
    const config = { ...DEFAULT_RUNTIME_CONFIG, clientTls: [CONFIG, { ...CONFIG, hosts: ["other", "h"] }] };
    expect(() => new Outside(config, folder, () => undefined)).to.throw(/two have component "a" and host "h"/);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}
