import { join } from "node:path";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { issueCertificates, makeAuthority } from "../cluster/pki.ts";
import { buildGuest } from "../guests/build-guest.ts";
import { buildSpinApp } from "../guests/spin-app.ts";
import { ExecutorProcess } from "../support/executor-process.ts";
import { exchange } from "../support/http-exchange.ts";
import { expectToHear } from "../support/redis-listener.ts";
import { RedisServer } from "../support/redis-server.ts";
import { SpinFolder } from "../support/spin-folder.ts";

const LISTENER = `
[[trigger.redis]]
address = "ADDRESS"
channel = "news"
component = "listener"
[component.listener]
source = "redis.wasm"
`;

describe("executor up, a Redis server with TLS", function suite() {
  this.timeout(120_000);
  const folder = new SpinFolder();
  const pki = new SpinFolder();
  const redis = new RedisServer("127.0.0.1", pki.path);
  let executor: ExecutorProcess | undefined = undefined;

  before(async function () {
    this.timeout(900_000);
    const signal = AbortSignal.timeout(60_000);
    await makeAuthority(pki.path, signal);
    await issueCertificates(pki.path, [{ name: "server", subject: "/CN=server", names: ["DNS:localhost"] }], signal);
    await redis.start();
    folder.copy(await buildSpinApp("rust-spin"), ".");
    folder.copy(await buildGuest("rust-redis"), "redis.wasm");
  });
  afterEach(async () => {
    await executor?.stop();
    executor = undefined;
  });
  after(async () => {
    await redis[Symbol.asyncDispose]();
    for (const each of [folder, pki]) each[Symbol.dispose]();
  });

  function up(...flags: readonly string[]): ExecutorProcess {
    executor = new ExecutorProcess(["up", "--listen", "127.0.0.1:0", ...flags, folder.path]);
    return executor;
  }

  function trusting(): readonly string[] {
    return ["--certificates", join(pki.path, "ca.crt")];
  }

  it("is used by a guest that opens it, by the certificates of the container", async () => {
    const port = await up(...trusting()).port();
    for (const count of ["1", "2"]) {
      expect((await exchange({ port, path: `/redis?${redis.tlsAddress}` })).body).to.equal(count);
    }
  });

  it("is not used by a guest whose container does not know its certificate", async () => {
    const port = await up().port();
    const { status, body } = await exchange({ port, path: `/redis?${redis.tlsAddress}` });
    expect(status).to.equal(500);
    expect(body).to.match(
      /unable to verify the first certificate; mount the file of the authorities to trust at \/etc\/ssl\/certs\/ca-certificates.crt"/,
    );
  });

  it("keeps a key-value store", async () => {
    folder.write("config.toml", `[key_value_store.default]\ntype = "redis"\nurl = "${redis.tlsAddress}"\n`);
    const port = await up(...trusting(), "--runtime-config", join(folder.path, "config.toml")).port();
    await exchange({ port, path: "/key-value/a", method: "PUT", body: "kept" });
    expect((await exchange({ port, path: "/key-value/a" })).body).to.equal("kept");
  });

  it("is listened to", async () => {
    folder.manifest(LISTENER.replace("ADDRESS", redis.tlsAddress.replace("rediss", "REDISS")));
    await expectToHear(up(...trusting()), redis);
  });
});
