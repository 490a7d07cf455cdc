import { existsSync } from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { RedisClient } from "@rcm/shim/executor/host/redis/redis-client";
import { expect } from "chai";
import { afterEach, before, beforeEach, describe, it } from "mocha";
import { buildGuest } from "../guests/build-guest.ts";
import { buildSpinApp } from "../guests/spin-app.ts";
import { ExecutorProcess } from "../support/executor-process.ts";
import { exchange } from "../support/http-exchange.ts";
import { LibsqlServer } from "../support/libsql-server.ts";
import { RedisServer } from "../support/redis-server.ts";
import { SpinFolder } from "../support/spin-folder.ts";
import { VaultServer } from "../support/vault-server.ts";

const { signal } = new AbortController();
const NAMES = ["a", "b", "c", "d", "e", "f"] as const;
const TOKEN = "t0ken-0f-the-vault";

const MANIFEST = `[variables]
${NAMES.map((name) => `${name} = { required = true }`).join("\n")}
[[trigger.http]]
route = "/..."
component = "app"
[component.app]
source = "app.wasm"
allowed_outbound_hosts = ["http://127.0.0.1:*"]
key_value_stores = ["default"]
sqlite_databases = ["default"]
[component.app.variables]
${NAMES.map((name) => `${name} = "{{ ${name} }}"`).join("\n")}
`;

describe("executor up, by its runtime configuration", function suite() {
  this.timeout(60_000);
  const values = Object.fromEntries(NAMES.map((name) => [`SPIN_VARIABLE_${name.toUpperCase()}`, "last"]));
  let app: string;
  let small: string;
  let folder: SpinFolder;
  let executor: ExecutorProcess | undefined = undefined;

  before(async function () {
    this.timeout(900_000);
    app = await buildSpinApp("rust-spin");
    small = await buildGuest("c-http");
  });
  beforeEach(() => {
    folder = new SpinFolder();
    folder.copy(app, ".");
    folder.manifest(MANIFEST);
  });
  afterEach(async () => {
    await executor?.stop();
    executor = undefined;
    folder[Symbol.dispose]();
  });

  function up(config: string, environment: Readonly<Record<string, string>>): ExecutorProcess {
    folder.write("config.toml", config);
    const flags = ["--listen", "127.0.0.1:0", "--runtime-config", join(folder.path, "config.toml")];
    return new ExecutorProcess(["up", ...flags, folder.path], environment);
  }

  async function start(config: string, environment: Readonly<Record<string, string>> = values): Promise<number> {
    executor = up(config, environment);
    return executor.port();
  }

  describe("with a Vault", () => {
    let vault: VaultServer;
    let url: string;

    beforeEach(async () => {
      vault = new VaultServer(TOKEN);
      url = await vault.listen();
      for (const name of ["d", "f"]) vault.put(`secret/data/apps/${name}`, { value: "of the vault" });
    });
    afterEach(async () => {
      await vault.close();
    });

    function vaultWith(token: string): string {
      return `[[config_provider]]\ntype = "vault"\nurl = "${url}"\ntoken = "${token}"\nmount = "secret"\nprefix = "apps"\n`;
    }

    it("asks the providers of variables in their order, and the environment last", async () => {
      folder.write("more.env", "MINE_A=of the file\nMINE_B=of the file\n");
      const env = `[[config_provider]]\ntype = "env"\nprefix = "MINE"\ndotenv_path = "${join(folder.path, "more.env")}"\n`;
      const table =
        '[[config_provider]]\ntype = "static"\nvalues = { a = "of the table", c = "of the table", d = "of the table" }\n';
      const port = await start(env + table + vaultWith(TOKEN), {
        MINE_A: "of the environment",
        SPIN_VARIABLE_A: "last",
        SPIN_VARIABLE_E: "last",
      });
      const got = await Promise.all(
        NAMES.map(async (name) => (await exchange({ port, path: `/variable/${name}` })).body),
      );
      expect(got).to.deep.equal([
        "of the environment",
        "of the file",
        "of the table",
        "of the table",
        "last",
        "of the vault",
      ]);
      vault.put("secret/data/apps/f", { value: "changed" });
      expect((await exchange({ port, path: "/variable/f" })).body).to.equal("changed");
      vault.answers.set("secret/data/apps/f", { status: 503, body: `{"errors":["sealed for ${TOKEN}"]}` });
      const { status, body } = await exchange({ port, path: "/variable/f" });
      expect(status).to.equal(500);
      expect(body).to.match(/^Error::Provider\(.*variable.*f.*status 503/);
      expect(body + (executor?.stderr ?? "")).not.to.include(TOKEN);
      expect((await exchange({ port, path: "/hello" })).body).to.equal("hello from rust\n");
    });

    it("does not start without a value of the Vault, and does not say the token", async () => {
      const ended = await up(vaultWith("wr0ng-token"), values).ended();
      expect(ended.code).to.equal(2);
      expect(ended.stderr).to.match(/^Cannot ask the provider "vault" for the variable "a".*status 403\n$/);
      expect(ended.stderr).not.to.include("wr0ng-token");
    });
  });

  it("keeps what is stored at a Redis and a libsql server", async () => {
    await using redis = new RedisServer();
    const address = await redis.start();
    const libsql = new LibsqlServer(join(folder.path, "served.db"), "s3cr3t");
    const url = await libsql.listen();
    const port = await start(
      `[key_value_store.default]\ntype = "redis"\nurl = "${address}/2"\n` +
        `[sqlite_database.default]\ntype = "libsql"\nurl = "${url}"\ntoken = "s3cr3t"\n`,
    );
    try {
      expect((await exchange({ port, path: "/key-value/k", method: "PUT", body: "one" })).body).to.equal("done\n");
      const client = await RedisClient.connect(`${address}/2`, signal);
      expect(await client.send(["GET", "k"], signal)).to.deep.equal({ kind: "bytes", bytes: Buffer.from("one") });
      client.close();
      expect((await exchange({ port, path: "/sqlite", body: "a note" })).body).to.equal("1\n");
      expect((await exchange({ port, path: "/sqlite" })).body).to.equal("1 a note\n");
    } finally {
      await libsql.close();
    }
    await redis.stop();
    // This one may still be sent by the connection that is about to end.
    expect((await exchange({ port, path: "/key-value/k" })).status).to.equal(500);
    const away = await Promise.all([exchange({ port, path: "/key-value/k" }), exchange({ port, path: "/sqlite" })]);
    for (const { status, body } of away) {
      expect(status).to.equal(500);
      expect(body)
        .to.match(/Cannot (connect to|use) the (Redis server|database \\"default\\"): .*ECONNREFUSED/)
        .and.not.include("s3cr3t");
    }
    expect((await exchange({ port, path: "/hello" })).status).to.equal(200);
  });

  it("keeps files in the folder for state", async () => {
    const state = join(folder.path, "deep", "state");
    const port = await start(`state_dir = "${state}"\nlog_dir = "/ignored"\n`);
    await exchange({ port, path: "/key-value/a", method: "PUT", body: "one" });
    await exchange({ port, path: "/sqlite", body: "a note" });
    expect(existsSync(join(state, "sqlite_key_value.db"))).to.equal(true);
    expect(existsSync(join(state, "sqlite_db.db"))).to.equal(true);
    expect(existsSync(join(folder.path, ".spin"))).to.equal(false);
  });

  it("holds the memory of guests to max_instance_memory", async () => {
    folder.copy(small, "app.wasm");
    const port = await start(`max_instance_memory = ${2 << 20}\n`);
    expect((await exchange({ port, path: "/" })).status).to.equal(200);
    expect((await exchange({ port, path: "/grow" })).status).to.equal(500);
  });

  describe("sends requests", () => {
    const RELAYED = 4;
    /** Others come within this time, unless something holds them back. */
    const HOLD_MS = 100;
    let server: Server;
    let connections: number;
    let peak: number;
    /** The server answers when so many requests have been there at once. */
    let awaited: number;

    beforeEach(async () => {
      connections = 0;
      peak = 0;
      awaited = 1;
      let underWay = 0;
      server = createServer((_request, response) => {
        underWay += 1;
        peak = Math.max(peak, underWay);
        const holding = setInterval(() => {
          if (peak < awaited) return;
          clearInterval(holding);
          underWay -= 1;
          response.end("answered");
        }, HOLD_MS);
        response.once("close", () => {
          clearInterval(holding);
        });
      });
      server.on("connection", () => (connections += 1));
      await new Promise<void>((resolve) => {
        server.listen(0, "127.0.0.1", resolve);
      });
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    for (const [what, config, expected, isLimited] of [
      ["by connections that are kept", "", 1, false],
      ["one at a time", "[outbound_http]\nconnection_pooling = true\nmax_concurrent_requests = 1\n", 1, true],
      ["one at a time, by connections of their own", "[outbound_http]\nmax_concurrent_requests = 1\n", 3, true],
    ] as const) {
      it(what, async () => {
        const port = await start(config);
        const path = `/outbound?http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
        for (let turn = 0; turn < 3; turn += 1) {
          expect((await exchange({ port, path })).body).to.equal("answered");
        }
        expect(connections).to.equal(expected);
        if (!isLimited) awaited = 2;
        await Promise.all(Array.from({ length: RELAYED }, async () => exchange({ port, path })));
        expect(peak).to.be.within(awaited, isLimited ? 1 : RELAYED);
      });
    }
  });
});
