import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VariableError } from "@rcm/shim/executor/host/errors";
import { RedisClient } from "@rcm/shim/executor/host/redis/redis-client";
import type { VariableSource } from "@rcm/shim/executor/host/spin-services";
import { type Stores, createStores } from "@rcm/shim/executor/spin/stores/create-stores";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { eventually } from "../support/kubectl.ts";
import { RedisServer } from "../support/redis-server.ts";
import { SpinGuest } from "../support/spin-guest.ts";
import { ALL_VALUES, KEY_VALUE, SQLITE, WASI_KEY_VALUE } from "./spin-calls-answers.ts";

const BUILD_MS = 600_000;
const SOON_MS = 20_000;
const { signal } = new AbortController();

const VARIABLES: VariableSource = {
  async get(name) {
    if (name === "greeting") return Promise.resolve("hé");
    if (!/^[a-z]+$/.test(name)) throw new VariableError("invalid-name", "it is no name");
    if (name === "missing") throw new VariableError("undefined", "it has no value");
    throw new VariableError("provider", "the Vault is away");
  },
  async all() {
    return Promise.resolve([["greeting", "hé"]]);
  },
};

describe("a guest that calls all that Spin's host offers", function () {
  this.timeout(BUILD_MS);
  let folder: string;
  let redis: RedisServer;
  let address: string;
  let stores: Stores;
  let guest: SpinGuest;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "rcm-spin-"));
    redis = new RedisServer();
    address = await redis.start();
    stores = createStores(
      {
        keyValueStores: new Map([
          ["redis", { kind: "redis", url: `${address}/5` }],
          ["memory", { kind: "spin", path: undefined }],
        ]),
        databases: new Map([["memory", { kind: "spin", path: undefined }]]),
      },
      folder,
    );
    guest = await SpinGuest.load({
      variables: VARIABLES,
      keyValueStore: (label) => stores.keyValueStores.get(label),
      database: (label) => stores.databases.get(label),
      mayConnect: async (scheme, target) => Promise.resolve(scheme === "redis" && !target.includes("forbidden")),
    });
  });
  after(async () => {
    guest[Symbol.dispose]();
    stores[Symbol.dispose]();
    await redis[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  for (const label of ["default", "memory", "redis"]) {
    it(`uses the key-value store "${label}"`, async () => {
      expect(await guest.call("key-value", label)).to.deep.equal(KEY_VALUE);
      expect(await guest.call("wasi-key-value", label)).to.deep.equal(WASI_KEY_VALUE);
      expect(await guest.call("legacy-key-value", label)).to.deep.equal([
        "Err(Error::AccessDenied)",
        "Err(Error::NoSuchKey)",
        "Ok(())",
        "Ok([0, 255])",
        "Ok(true)",
        'Ok(["k"])',
        "Ok(())",
        "Ok(false)",
        ...Array.from({ length: 3 }, () => "Err(Error::InvalidStore)"),
      ]);
    });
  }

  for (const label of ["default", "memory"]) {
    it(`uses the database "${label}"`, async () => {
      expect(await guest.call("sqlite", label)).to.deep.equal(SQLITE);
      expect(await guest.call("sqlite-v2", label)).to.deep.equal(["Err(Error::AccessDenied)", ALL_VALUES, "true"]);
      expect(await guest.call("legacy-sqlite", label)).to.deep.equal([
        "Err(Error::AccessDenied)",
        ALL_VALUES,
        "true",
        "Err(Error::InvalidConnection)",
        "Err(Error::InvalidConnection)",
      ]);
    });
  }

  it("reads its variables", async () => {
    expect(await guest.call("variables")).to.deep.equal([
      'Ok("hé")',
      'Err(Error::InvalidName("it is no name"))',
      'Err(Error::Undefined("it has no value"))',
      'Err(Error::Provider("the Vault is away"))',
      'Ok(Some("hé"))',
      "Ok(None)",
      "Ok(None)",
      'Err(Error::Upstream("the Vault is away"))',
      'Ok([("greeting", "hé")])',
      'Ok("hé")',
      'Err(Error::InvalidKey("it is no name"))',
      'Err(Error::Provider("it has no value"))',
      'Err(Error::Other("the Vault is away"))',
    ]);
  });

  it("uses a Redis server", async () => {
    expect(await guest.call("redis", `${address}/6`)).to.deep.equal([
      "Err(Error::InvalidAddress)",
      "Err(Error::InvalidAddress)",
      "Ok(())",
      "Ok(None)",
      "Ok(())",
      "Ok(Some([0, 255, 13, 10]))",
      "Ok(())",
      "Ok(Some([]))",
      "Ok(1)",
      "true",
      "Ok(2)",
      "Err(Error::TypeError)",
      'Ok(["one", "two"])',
      "true",
      "Ok(1)",
      "Ok(2)",
      'Ok([RedisResult::Status("OK")])',
      "Ok([RedisResult::Int64(9223372036854775807)])",
      "Ok([RedisResult::Nil])",
      `Ok([RedisResult::Binary([${[...Buffer.from("9223372036854775807")].join(", ")}])])`,
      'Ok([RedisResult::Int64(1), RedisResult::Binary([97]), RedisResult::Nil, RedisResult::Status("fine")])',
      "true",
      "true",
      'Ok([RedisResult::Status("OK")])',
      'Ok([RedisResult::Status("QUEUED")])',
      'Ok([RedisResult::Status("PONG")])',
    ]);
    const fault = 'Err(Error { code: 1, name: "error", message: "" })';
    expect(await guest.call("legacy-redis", `${address}/7`)).to.deep.equal([
      fault,
      "Ok(())",
      "Ok([])",
      "Ok(())",
      "Ok([0, 255])",
      "Ok(1)",
      fault,
      "Ok(2)",
      fault,
      ...Array.from({ length: 3 }, () => "Ok(2)"),
      'Ok([RedisResult::Status("OK")])',
      "Ok([RedisResult::Binary([45, 51])])",
      "Ok([RedisResult::Int64(1)])",
    ]);
  });

  it("sends requests as in Spin 1", async () => {
    const server = createServer((request, response) => {
      if (request.url === "/cut") {
        response.writeHead(200, { "content-length": "10" });
        response.write("abc", () => response.destroy());
        return;
      }
      response.setHeader("x-kind", "echo");
      if (request.url === "/missing") response.statusCode = 404;
      response.write(`${request.method} ${request.url} ${String(request.headers["x-guest"])} `);
      request.pipe(response);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const { port } = server.address() as AddressInfo;
    const got = await guest.call("legacy-http", `http://127.0.0.1:${port}`);
    server.closeAllConnections();
    server.close();
    expect(got).to.deep.equal([
      'Ok((200, Some("echo"), Some("GET /echo?q=1 spin-calls ")))',
      'Ok((200, Some("echo"), Some("POST /echo spin-calls hello")))',
      'Ok((200, Some("echo"), Some("")))',
      'Ok((404, Some("echo"), Some("GET /missing spin-calls ")))',
      'Err(HttpError { code: 3, name: "request-error", message: "" })',
      'Err(HttpError { code: 1, name: "destination-not-allowed", message: "" })',
      'Err(HttpError { code: 2, name: "invalid-url", message: "" })',
    ]);
  });

  it("is told what is not offered, for it imports everything", async () => {
    const models = `"models are not offered: send requests to a model's server with wasi:http"`;
    const database = '"MySQL and PostgreSQL are not offered: use SQLite, or sockets with a driver of your own"';
    expect(await guest.call("not-offered")).to.deep.equal([
      `Err(Error::RuntimeError(${models}))`,
      `Err(Error::RuntimeError(${models}))`,
      'Err(Error::ConnectionFailed("MQTT is not offered: use wasi:sockets with a client of your own"))',
      ...Array.from({ length: 4 }, () => `Err(Error::ConnectionFailed(${database}))`),
    ]);
  });

  it("has at most 256 stores and 256 databases open", async () => {
    expect(await guest.call("open-stores", 300)).to.deep.equal(["256", "Some(Err(Error::StoreTableFull))", "true"]);
    expect(await guest.call("open-databases", 300)).to.deep.equal([
      "256",
      'Some(Err(Error::Io("too many connections opened")))',
    ]);
  });

  it("stores no keys and values that are too large", async () => {
    expect(await guest.call("store-bytes", "default", 65_536, 32 << 20)).to.deep.equal(["Ok(())", "true"]);
    const [key] = await guest.call("store-bytes", "default", 65_537, 0);
    expect(key).to.include("it has more than 65536 bytes");
    const [value] = await guest.call("store-bytes", "default", 1, (32 << 20) + 1);
    expect(value).to.include("it has 33554433 bytes");
  });

  it("is not stopped by another one's long statement", async () => {
    const long =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n";
    const visit = guest.begin("execute", "default", long);
    const ends: string[] = [];
    const lines = visit.lines.finally(() => ends.push("the statement"));
    await guest.call("key-value", "default");
    ends.push("another guest");
    expect((await lines)[0]).to.include("Value::Integer(3000000)");
    expect(ends).to.deep.equal(["another guest", "the statement"]);
    visit.end();
  });

  it("is ended while it waits, and its connections are closed", async () => {
    const admin = await RedisClient.connect(address, signal);
    async function clients(): Promise<number> {
      const reply = await admin.send(["INFO", "clients"], signal);
      return Number(/connected_clients:(\d+)/.exec(reply.kind === "bytes" ? reply.bytes.toString() : "")?.[1]);
    }
    const others = await clients();
    const visit = guest.begin("command", `${address}/8`, ["BLPOP", "never", "0"]);
    const ended = visit.lines.catch((error: unknown) => error);
    await eventually("the guest's connection", SOON_MS, async () => (await clients()) > others || undefined, 5);
    visit.state.end(new Error("enough"));
    expect(await ended).to.have.property("message", "enough");
    visit.end();
    await eventually("the end of it", SOON_MS, async () => (await clients()) <= others || undefined, 5);
    admin.close();
  });
});

describe("a guest of a component that belongs to no Spin application", function () {
  this.timeout(BUILD_MS);

  it("is refused everything", async () => {
    using guest = await SpinGuest.load(undefined);
    expect((await guest.call("key-value", "default"))[1]).to.equal("Error::AccessDenied");
    expect((await guest.call("wasi-key-value", "default"))[1]).to.equal("Error::AccessDenied");
    expect((await guest.call("sqlite", "default"))[1]).to.equal("Error::AccessDenied");
    expect((await guest.call("redis", "redis://127.0.0.1:1"))[2]).to.equal("Error::InvalidAddress");
    expect((await guest.call("variables"))[0]).to.include("the component belongs to no Spin application");
  });
});
