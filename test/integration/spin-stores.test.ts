import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisClient } from "@rcm/shim/executor/host/redis/redis-client";
import type { SqlConnection } from "@rcm/shim/executor/host/spin-services";
import { LibsqlDatabase } from "@rcm/shim/executor/spin/stores/libsql-database";
import { RedisKeyValue } from "@rcm/shim/executor/spin/stores/redis-key-value";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { LibsqlServer } from "../support/libsql-server.ts";
import { RedisServer } from "../support/redis-server.ts";

const { signal } = new AbortController();

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("RedisKeyValue on a real server", () => {
  let server: RedisServer;
  let address: string;
  let store: RedisKeyValue;

  before(async () => {
    server = new RedisServer();
    address = await server.start();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    store = new RedisKeyValue("cache", `${address}/3`);
  });
  afterEach(() => {
    store[Symbol.dispose]();
  });

  it("keeps plain keys, which other programs see", async () => {
    await store.set("käse\0", Buffer.from([0, 255]), signal);
    const client = await RedisClient.connect(`${address}/3`, signal);
    expect(await client.send(["GET", "käse\0"], signal)).to.deep.equal({ kind: "bytes", bytes: Buffer.from([0, 255]) });
    client.close();
    await store.delete("käse\0", signal);
    expect(await store.exists("käse\0", signal)).to.equal(false);
  });

  it("lists all of many keys", async () => {
    const keys = Array.from({ length: 5000 }, (_value, index) => `key-${index}`);
    await store.setMany(
      keys.map((key) => [key, new Uint8Array(1)] as const),
      signal,
    );
    expect(await store.keys(signal)).to.have.members(keys);
    await store.deleteMany(keys, signal);
    expect(await store.keys(signal)).to.deep.equal([]);
  });

  it("counts without losing digits", async () => {
    expect(await store.increment("n", 2n ** 63n - 2n, signal)).to.equal(2n ** 63n - 2n);
    expect(await store.increment("n", 1n, signal)).to.equal(2n ** 63n - 1n);
    expect(await failure(store.increment("n", 1n, signal)))
      .to.have.property("message")
      .that.includes("overflow");
  });

  it("lets one of many swaps of the same value through", async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, async (_value, index) =>
        store.compareAndSwap({ key: "c", expected: undefined, value: Buffer.from([index]) }, signal),
      ),
    );
    expect(results.filter((isDone) => isDone)).to.have.lengthOf(1);
    const expected = await store.get("c", signal);
    const again = await Promise.all(
      Array.from({ length: 20 }, async () =>
        store.compareAndSwap({ key: "c", expected, value: Buffer.from("next") }, signal),
      ),
    );
    expect(again.filter((isDone) => isDone)).to.have.lengthOf(1);
  });

  it("fails while the server is away, and goes on when it is back", async () => {
    await store.set("k", Buffer.from("v"), signal);
    await server.stop();
    expect(await failure(store.get("k", signal))).to.have.property("code", "FAILED");
    expect(await failure(store.get("k", signal)))
      .to.have.property("message")
      .that.includes("ECONNREFUSED");
    await server.start();
    expect(await store.get("k", signal)).to.equal(undefined);
  });

  it("leaves a server that hangs when the guest ends, and serves the others", async () => {
    await store.set("k", Buffer.from("v"), signal);
    server.freeze();
    const guest = new AbortController();
    const waiting = failure(store.get("k", guest.signal));
    guest.abort(new Error("ended"));
    expect(await waiting).to.have.property("message", "ended");
    server.thaw();
    expect(await store.get("k", signal)).to.deep.equal(Buffer.from("v"));
  });

  for (const wrong of ["http://127.0.0.1", "no address", "redis://127.0.0.1/notanumber"]) {
    it(`refuses the address ${wrong}`, async () => {
      const other = new RedisKeyValue("other", wrong);
      expect(await failure(other.get("k", signal))).to.have.property("code", "INVALID_ADDRESS");
    });
  }

  it("looks the host up as it is told", async () => {
    const { port } = new URL(address);
    const client = await RedisClient.connect(`redis://any.test:${port}`, signal, {
      lookup: (_host, options, callback) => {
        if (options.all === true) callback(null, [{ address: "127.0.0.1", family: 4 }]);
        else callback(null, "127.0.0.1", 4);
      },
    });
    expect(await client.send(["PING"], signal)).to.deep.equal({ kind: "status", text: "PONG" });
    client.close();
    const denied = RedisClient.connect(`redis://any.test:${port}`, signal, {
      lookup: (_host, _options, callback) => {
        callback(new Error("it must not be reached"), "");
      },
    });
    expect(await failure(denied))
      .to.have.property("message")
      .that.includes("it must not be reached");
  });

  it("names no password in its messages", async () => {
    const other = new RedisKeyValue("other", address.replace("redis://", "redis://user:s3cr3t@"));
    const error = await failure(other.get("k", signal));
    expect(String(error)).to.include("WRONGPASS").and.not.include("s3cr3t");
  });

  for (const garbage of ["HTTP/1.1 400 Bad Request\r\n\r\n", "*99999999999\r\n", "$5\r\nab"]) {
    it(`survives a server that says ${JSON.stringify(garbage)}`, async () => {
      const wrong = createServer((socket) => {
        socket.on("error", () => {});
        socket.write(garbage);
      });
      await new Promise<void>((resolve) => {
        wrong.listen(0, "127.0.0.1", resolve);
      });
      const { port } = wrong.address() as { port: number };
      const other = new RedisKeyValue("other", `redis://127.0.0.1:${port}`);
      const guest = AbortSignal.timeout(300);
      expect(await failure(other.get("k", guest))).to.be.instanceOf(Error);
      other[Symbol.dispose]();
      wrong.close();
    });
  }
});

describe("LibsqlDatabase", () => {
  let folder: string;
  let server: LibsqlServer;
  let url: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "rcm-libsql-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    server = new LibsqlServer(join(folder, "served.db"), "s3cr3t");
    url = await server.listen();
  });
  afterEach(async () => {
    await server.close();
  });

  async function connect(token = "s3cr3t"): Promise<SqlConnection> {
    return new LibsqlDatabase({ label: "turso", url, token }).connect();
  }

  async function closed(connection: SqlConnection): Promise<void> {
    connection.close();
    const endMs = performance.now() + 10_000;
    while (server.openStreams > 0 && performance.now() < endMs) await new Promise(setImmediate);
    expect(server.openStreams).to.equal(0);
  }

  it("gives integers, reals, texts, bytes and null as they are", async () => {
    const db = await connect();
    const values = [-(2n ** 63n), 2n ** 63n - 1n, 0.5, "käse🧀", "", new Uint8Array([0, 255]), new Uint8Array(0), null];
    const names = values.map((_value, index) => `c${index}`);
    const select = `SELECT 1.0 AS r, ${names.map((name) => `? AS ${name}`).join()}`;
    expect(await db.execute(select, values, signal)).to.deep.equal({
      columns: ["r", ...names],
      rows: [[1, ...values]],
    });
    await closed(db);
  });

  it("goes on with a transaction from one statement to the next, and rolls back at the end", async () => {
    const db = await connect();
    await db.execute("CREATE TABLE t (a)", [], signal);
    await db.execute("INSERT INTO t VALUES (1), (2)", [], signal);
    expect([await db.lastInsertRowId(signal), await db.changes(signal)]).to.deep.equal([2n, 2n]);
    await db.execute("BEGIN", [], signal);
    await db.execute("DELETE FROM t", [], signal);
    expect((await db.execute("SELECT count(*) FROM t", [], signal)).rows).to.deep.equal([[0n]]);
    await closed(db);
    const again = await connect();
    expect((await again.execute("SELECT count(*) FROM t", [], signal)).rows).to.deep.equal([[2n]]);
    await closed(again);
  });

  it("goes on after an error, which it passes on", async () => {
    const db = await connect();
    const error = await failure(db.execute("SELEKT 1", [], signal));
    expect(error).to.have.property("code", "FAILED");
    expect(error)
      .to.have.property("message")
      .that.includes('Cannot use the database "turso"')
      .and.includes("syntax error");
    expect((await db.execute("SELECT 1", [], signal)).rows).to.deep.equal([[1n]]);
    await closed(db);
  });

  it("says that the token is wrong, and not which it is", async () => {
    const db = await connect("other-t0ken");
    const error = await failure(db.execute("SELECT 1", [], signal));
    expect(String(error)).to.include("401").and.not.include("other-t0ken");
    db.close();
  });

  it("says that the server is away", async () => {
    const other = new LibsqlServer(join(folder, "away.db"), "s3cr3t");
    const address = await other.listen();
    await other.close();
    const db = await new LibsqlDatabase({ label: "turso", url: address, token: "" }).connect();
    expect(String(await failure(db.execute("SELECT 1", [], signal)))).to.include("ECONNREFUSED");
  });

  it("leaves a server that hangs when the guest ends", async () => {
    const db = await connect();
    server.isSilent = true;
    const guest = new AbortController();
    const waiting = failure(db.execute("SELECT 1", [], guest.signal));
    await new Promise(setImmediate);
    guest.abort(new Error("ended"));
    expect(await waiting).to.have.property("message", "ended");
    db.close();
  });
});
