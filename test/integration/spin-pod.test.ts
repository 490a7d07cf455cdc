import { once } from "node:events";
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, before, beforeEach, describe, it } from "mocha";
import { issueCertificates, makeAuthority } from "../cluster/pki.ts";
import { buildGuest } from "../guests/build-guest.ts";
import { buildSpinApp } from "../guests/spin-app.ts";
import type { ExecutorProcess } from "../support/executor-process.ts";
import { exchange } from "../support/http-exchange.ts";
import { PodRoot, type PodSetting } from "../support/pod-root.ts";
import { expectToHear } from "../support/redis-listener.ts";
import { RedisServer } from "../support/redis-server.ts";
import { buildRustGuest } from "../support/rust-guest.ts";

const HOST_APP = `spin_manifest_version = 2
[application]
name = "host"
[[trigger.http]]
route = "/..."
component = "host"
[component.host]
source = "host.wasm"
environment = { PLACE = "of the manifest" }
`;

const REDIS_APP = `spin_manifest_version = 2
[application]
name = "listener"
[variables]
server = { required = true }
[[trigger.redis]]
address = "{{ server }}"
channel = "news"
component = "listener"
[component.listener]
source = "redis.wasm"
`;

/** Needs root, for mounts of its own. */
describe("the executor in a pod of a Spin application", () => {
  let pod: PodRoot;
  let executor: ExecutorProcess | undefined = undefined;
  let host: string;
  let app: string;
  let plain: string;

  before(async function () {
    this.timeout(900_000);
    host = join(await buildRustGuest("rust-host"), "rust_host.wasm");
    app = await buildSpinApp("rust-spin");
    plain = await buildGuest("c-http");
  });
  beforeEach(() => {
    pod = new PodRoot();
  });
  afterEach(async () => {
    await executor?.stop();
    executor = undefined;
    pod[Symbol.dispose]();
  });

  async function start(setting: PodSetting): Promise<number> {
    executor = pod.start(setting);
    return executor.port();
  }

  function useHostApp(): void {
    copyFileSync(host, join(pod.image, "host.wasm"));
    writeFileSync(join(pod.image, "spin.toml"), HOST_APP);
  }

  it("gives guests the pod's volumes at their places, and nothing else of the container", async () => {
    useHostApp();
    const port = await start({
      env: ["SECRET=of the pod"],
      volumes: [
        { path: "/data" },
        { path: "/.spin" },
        { path: "/etc/hosts", content: "127.0.0.1 localhost" },
        { path: "/one/file.json", content: "{}" },
      ],
    });
    writeFileSync(join(pod.volume("/data"), "note.txt"), "of the volume");
    expect(await get(port, "/read?note.txt")).to.equal('["of the volume"]\n');
    expect(await get(port, "/files")).to.match(/^folders \["\/data"\]\nmkdir Ok/);
    expect(await get(port, "/env")).to.equal('[("PLACE", "of the manifest")]\n');
    expect(executor?.log().find(({ message }) => message === "Volume not visible to guests")).to.include({
      path: "/one/file.json",
    });
  });

  it("keeps guests from writing to a volume that is read-only", async () => {
    useHostApp();
    const port = await start({ volumes: [{ path: "/data", access: "ro" }] });
    expect(await get(port, "/escape?none")).to.match(/create Some\(.*"read-only"/);
  });

  it("listens to Redis where the pod's variables say", async () => {
    await using redis = new RedisServer();
    const address = await redis.start();
    copyFileSync(await buildGuest("rust-redis"), join(pod.image, "redis.wasm"));
    writeFileSync(join(pod.image, "spin.toml"), REDIS_APP);
    executor = pod.start({ env: [`SPIN_VARIABLE_SERVER=${address}`] });
    await expectToHear(executor, redis);
  });

  it("gives variables by the pod's environment, under both names", async () => {
    cpSync(app, pod.image, { recursive: true });
    const port = await start({
      env: ["SPIN_VARIABLE_GREETING=moin", "TOKEN=plain", "SPIN_VARIABLE_DATA_FILE=/data/note", "HOSTNAME=pod"],
      volumes: [{ path: "/data" }],
    });
    writeFileSync(join(pod.volume("/data"), "note"), "from the volume");
    expect(await get(port, "/variable/greeting")).to.equal("moin from a template");
    expect(await get(port, "/variable/token")).to.equal("plain");
    expect(await get(port, "/file")).to.equal("from the volume");
    expect(await get(port, "/asset/short.txt")).to.equal("a short one\n");
  });

  it("keeps state in the volume at /.spin", async () => {
    cpSync(app, pod.image, { recursive: true });
    const volumes = [{ path: "/.spin" }];
    let port = await start({ volumes });
    await exchange({ port, path: "/key-value/a", method: "PUT", body: "kept" });
    expect((await executor?.stop())?.code).to.equal(0);
    port = await start({ volumes });
    expect(await get(port, "/key-value/a")).to.equal("kept");
    expect(existsSync(join(pod.volume("/.spin"), "sqlite_key_value.db"))).to.equal(true);
  });

  it("keeps state in memory where the image is read-only, and says so", async () => {
    cpSync(app, pod.image, { recursive: true });
    const port = await start({ image: "ro" });
    await exchange({ port, path: "/key-value/a", method: "PUT", body: "kept" });
    expect(await get(port, "/key-value/a")).to.equal("kept");
    expect(executor?.stderr).to.include("State is kept in memory");
  });

  it("reads /runtime-config.toml, with paths of the container", async () => {
    cpSync(app, pod.image, { recursive: true });
    const content =
      '[key_value_store.default]\ntype = "spin"\npath = "/data/mine.db"\n[[config_provider]]\ntype = "static"\nvalues = { greeting = "configured" }\n';
    const port = await start({ volumes: [{ path: "/data" }, { path: "/runtime-config.toml", access: "ro", content }] });
    expect(await get(port, "/variable/greeting")).to.equal("configured from a template");
    await exchange({ port, path: "/key-value/a", method: "PUT", body: "there" });
    expect(existsSync(join(pod.volume("/data"), "mine.db"))).to.equal(true);
  });

  it("takes a folder at /runtime-config.toml for none, as kubelet makes it for a Secret that is missing", async () => {
    cpSync(app, pod.image, { recursive: true });
    const port = await start({ volumes: [{ path: "/runtime-config.toml", access: "ro" }] });
    expect(await get(port, "/hello")).to.equal("hello from rust\n");
    expect(executor?.stderr).to.include("counts as absent");
  });

  it("makes an application of an image that is a component, for Spin's operator and for what only Spin has", async () => {
    const port = await start({ own: { RCM_COMPONENT: plain } });
    expect(await get(port, "/")).to.equal("hello from c, call 1\n");
    expect(await get(port, "/.well-known/spin/health")).to.equal("OK");
  });

  it("serves a component of the image's files by itself, unless it imports what only Spin has", async () => {
    copyFileSync(plain, join(pod.image, "c.wasm"));
    copyFileSync(join(app, "app.wasm"), join(pod.image, "spin.wasm"));
    let port = await start({ args: ["/c.wasm"] });
    expect(await get(port, "/.well-known/spin/health")).to.equal("hello from c, call 1\n");
    await executor?.stop();
    port = await start({ args: ["/spin.wasm"] });
    expect(await get(port, "/.well-known/spin/health")).to.equal("OK");
    expect(await get(port, "/key-value/a")).to.include("AccessDenied");
  });

  it("trusts the certificates of the container in place of its own", async () => {
    cpSync(app, pod.image, { recursive: true });
    const manifest = join(pod.image, "spin.toml");
    writeFileSync(
      manifest,
      readFileSync(manifest, "utf8").replace('"http://self"', '"http://self", "https://localhost:*"'),
    );
    const certificates = mkdtempSync(join(tmpdir(), "certificates-"));
    const signal = AbortSignal.timeout(60_000);
    await makeAuthority(certificates, signal);
    await issueCertificates(
      certificates,
      [{ name: "server", subject: "/CN=server", names: ["DNS:localhost"] }],
      signal,
    );
    function read(name: string): string {
      return readFileSync(join(certificates, name), "utf8");
    }
    const server = createServer({ cert: read("server.crt"), key: read("server.key") }, (_request, response) => {
      response.end("over TLS");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const target = `/outbound?https://localhost:${(server.address() as AddressInfo).port}/`;
    try {
      expect(await get(await start({}), target)).to.include("TlsCertificateError");
      await executor?.stop();
      const path = "/etc/ssl/certs/ca-certificates.crt";
      const port = await start({ volumes: [{ path, access: "ro", content: read("ca.crt") }] });
      expect(await get(port, target)).to.equal("over TLS");
      expect(executor?.log().find(({ message }) => message === "Certificates trusted")).to.include({ count: 1 });
    } finally {
      server.close();
      rmSync(certificates, { recursive: true });
    }
  });

  it("says in one line why it can not start", async () => {
    useHostApp();
    const ended = await pod.start({ env: ["SPIN_COMPONENTS_TO_RETAIN=nobody"] }).ended();
    expect(ended.code).to.equal(1);
    expect(ended.stderr).to.match(/^Cannot .*"nobody".*\n$/);
  });

  it("says that there is nothing to run", async () => {
    const ended = await pod.start({}).ended();
    expect(ended.code).to.equal(1);
    expect(ended.stderr).to.match(/^Cannot find the component "\/".*no \/spin.toml\n$/);
  });
});

async function get(port: number, path: string): Promise<string> {
  return (await exchange({ port, path })).body;
}
