import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { expect } from "chai";
import { afterEach, before, beforeEach, describe, it } from "mocha";
import { issueCertificates, makeAuthority } from "../cluster/pki.ts";
import { buildGuest } from "../guests/build-guest.ts";
import { adapterFolder } from "../guests/component-tools.ts";
import { buildSpinApp } from "../guests/spin-app.ts";
import { type Ended, ExecutorProcess } from "../support/executor-process.ts";
import { exchange, open } from "../support/http-exchange.ts";
import { buildRustGuest } from "../support/rust-guest.ts";
import { SpinFolder } from "../support/spin-folder.ts";

const C = `[component.c]\nsource = "c.wasm"\n`;
const ROUTE = `[[trigger.http]]\nroute = "/..."\ncomponent = "c"\n`;
const LISTEN = ["--listen", "127.0.0.1:0"];

describe("executor up", () => {
  let guests: Readonly<Record<"c.wasm" | "host.wasm" | "command.wasm" | "cgi.wasm", string>>;
  let folder: SpinFolder;
  let executor: ExecutorProcess | undefined = undefined;

  before(async function () {
    this.timeout(900_000);
    const host = await buildRustGuest("rust-host");
    guests = {
      "c.wasm": await buildGuest("c-http"),
      "cgi.wasm": await buildGuest("rust-wagi"),
      "host.wasm": join(host, "rust_host.wasm"),
      "command.wasm": join(host, "rust-command.wasm"),
    };
  });
  beforeEach(() => {
    folder = new SpinFolder();
    for (const [name, path] of Object.entries(guests)) folder.copy(path, name);
  });
  afterEach(async () => {
    await executor?.stop();
    executor = undefined;
    folder[Symbol.dispose]();
  });

  async function start(
    args: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    executor = new ExecutorProcess(["up", ...LISTEN, ...args, folder.path], environment);
    return executor.port();
  }

  async function end(args: readonly string[] = [], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return new ExecutorProcess(["up", ...LISTEN, ...args, folder.path], environment).ended();
  }

  describe("says in one line why it can not start", () => {
    const cases: readonly (readonly [why: string, manifest: string, message: RegExp])[] = [
      ["a trigger of another type", `[[trigger.sqs]]\nqueue_url = "a"\ncomponent = "c"\n${C}`, /type is "sqs"/],
      ["a trigger without its server", `[[trigger.redis]]\nchannel = "a"\ncomponent = "c"\n${C}`, /address.*missing/],
      ["a component that can not take requests", ROUTE + `[component.c]\nsource = "cgi.wasm"\n`, /executor = .*"wagi"/],
      [
        "wagi without a program",
        `[[trigger.http]]\nroute = "/"\ncomponent = "c"\nexecutor = { type = "wagi" }\n${C}`,
        /"c" as wagi: it does not export wasi:cli\/run/,
      ],
      ["a component that is none", ROUTE + `[component.c]\nsource = "spin.toml"\n`, /Cannot load the component "c"/],
      [
        "a required variable without value",
        `[variables]\nkey = { required = true }\n${ROUTE}${C}`,
        /SPIN_VARIABLE_KEY/,
      ],
      ["a store that is not configured", `${ROUTE}${C}key_value_stores = ["mine"]\n`, /\[key_value_store.mine\]/],
      ["a database that is not configured", `${ROUTE}${C}sqlite_databases = ["mine"]\n`, /\[sqlite_database.mine\]/],
      [
        "a host that is none",
        `${ROUTE}${C}allowed_outbound_hosts = ["nowhere"]\n`,
        /"nowhere" in allowed_outbound_hosts/,
      ],
      [
        "a host in a variable that is none, which may be secret",
        `[variables]\nurl = { default = "redis://:s3cr3t@db/path", secret = true }\n${ROUTE}${C}allowed_outbound_hosts = ["{{ url }}"]\n`,
        /"{{ url }}" in allowed_outbound_hosts of component "c": with the values of its variables, /,
      ],
      [
        "a variable that no template of a component may name",
        `[variables]\nkey = { default = "s3cr3t", secret = true }\n${ROUTE}${C}variables = { a = "{{ key }}{{ b }}", b = "{{ a }}" }\n`,
        /variable "a" of component "c": the application has no variable "b"/,
      ],
      ["an unknown key", `${ROUTE}${C}[application.trigger.http]\nbase = "/below"\n`, /base "\/below"/],
      ["a command that is none", `[[trigger.command]]\ncomponent = "c"\n${C}`, /"c" as a command: it does not export/],
    ];
    for (const [why, manifest, message] of cases) {
      it(`for ${why}`, async () => {
        folder.manifest(manifest);
        const { code, stderr } = await end();
        expect(code).to.equal(2);
        expect(stderr).to.match(message);
        expect(stderr.trimEnd().split("\n"), stderr).to.have.length(1);
        expect(stderr).not.to.include("s3cr3t");
      });
    }

    it("for an address that is taken", async () => {
      folder.manifest(ROUTE + C);
      const port = await start();
      const { code, stderr } = await new ExecutorProcess(["up", "--listen", `127.0.0.1:${port}`, folder.path]).ended();
      expect(code).to.equal(2);
      expect(stderr).to.match(/^Cannot listen on "127.0.0.1:\d+".*EADDRINUSE/);
    });

    it("for a folder without application, and for a component to keep that is none", async () => {
      expect((await end()).stderr).to.match(/neither spin.toml nor spin.json\n$/);
      folder.manifest(ROUTE + C);
      expect((await end([], { SPIN_COMPONENTS_TO_RETAIN: "nobody" })).stderr).to.match(/"nobody"/);
    });
  });

  it("keeps the components that it is told to", async () => {
    folder.manifest(
      `${ROUTE}${C}[[trigger.http]]\nroute = "/host/..."\ncomponent = "host"\n[component.host]\nsource = "host.wasm"\n`,
    );
    const port = await start([], { SPIN_COMPONENTS_TO_RETAIN: "host" });
    expect((await exchange({ port, path: "/host/" })).status).to.equal(200);
    expect((await exchange({ port, path: "/" })).status).to.equal(404);
  });

  it("keeps no component that sends requests to one that is left out", async () => {
    const other = `[[trigger.http]]\nroute = "/host/..."\ncomponent = "host"\n[component.host]\nsource = "host.wasm"\n`;
    folder.manifest(`${ROUTE}${C}allowed_outbound_hosts = ["http://host.spin.internal"]\n${other}`);
    const { code, stderr } = await end([], { SPIN_COMPONENTS_TO_RETAIN: "c" });
    expect(code).to.equal(2);
    expect(stderr).to.match(
      /^Cannot retain these components .*: component "c" sends requests to component "host" .*: retain it as well\n$/,
    );
  });

  it("holds the memory of guests to SPIN_MAX_INSTANCE_MEMORY", async () => {
    folder.manifest(ROUTE + C);
    const port = await start([], { SPIN_MAX_INSTANCE_MEMORY: String(2 << 20) });
    expect((await exchange({ port, path: "/" })).status).to.equal(200);
    expect((await exchange({ port, path: "/grow" })).status).to.equal(500);
  });

  it("serves a component without any manifest", async () => {
    executor = new ExecutorProcess(["up", ...LISTEN, guests["c.wasm"]]);
    const port = await executor.port();
    expect((await exchange({ port, path: "/any/where" })).body).to.equal("hello from c, call 1\n");
    const { body } = await exchange({ port, path: "/.well-known/spin/health" });
    expect(body).to.equal("OK");
  });

  it("makes components of core modules, which images with a spin.toml have", async () => {
    folder.copy(await buildGuest("rust-http-core"), "core.wasm");
    folder.manifest(`${ROUTE}[component.c]\nsource = "core.wasm"\n`);
    const port = await start(["--adapters", await adapterFolder()]);
    expect((await exchange({ port, path: "/" })).body).to.equal("hello from rust, call 1\n");
  });

  it("runs a command with the arguments behind the application, and hands its exit code on", async () => {
    folder.manifest(
      `[[trigger.command]]\ncomponent = "job"\n[component.job]\nsource = "command.wasm"\nenvironment = { A = "b" }\n`,
    );
    const said = await new ExecutorProcess(["up", folder.path, "arguments", "two"]).ended();
    expect(said).to.include({ code: 0, stdout: '["two"]\n' });
    expect((await new ExecutorProcess(["up", folder.path, "exit", "7"]).ended()).code).to.equal(1); // Rust's way.
    expect((await new ExecutorProcess(["up", folder.path, "environment"], { HOST: "x" }).ended()).stdout).to.equal(
      '[("A", "b")]\n',
    );
  });

  it("ends with its command where a server is beside it", async () => {
    folder.manifest(`${ROUTE}${C}[[trigger.command]]\ncomponent = "job"\n[component.job]\nsource = "command.wasm"\n`);
    const ended = await new ExecutorProcess(["up", ...LISTEN, folder.path, "exit", "3"]).ended();
    expect(ended.code).to.equal(1);
    expect(ended.stderr).to.include("Serving");
  });

  it("ends the guest that was asked when the one who asks has gone", async () => {
    const chained = `allowed_outbound_hosts = ["http://back.spin.internal"]\n`;
    folder.manifest(
      `[[trigger.http]]\nroute = "/..."\ncomponent = "front"\n[component.front]\nsource = "host.wasm"\n${chained}` +
        `[[trigger.http]]\nroute = { private = true }\ncomponent = "back"\n[component.back]\nsource = "host.wasm"\n`,
    );
    const port = await start();
    const response = await open({ port, path: "/relay?back.spin.internal/endless" });
    await once(response, "readable");
    response.destroy();
    await executor?.failure("/relay?back.spin.internal/endless");
    const stoppedAt = performance.now();
    expect((await executor?.stop())?.code).to.equal(0);
    expect(performance.now() - stoppedAt, "a guest at work would be waited for").to.be.lessThan(10_000);
  });

  it("takes a folder where the runtime configuration should be for none, as kubelet makes it", async () => {
    folder.manifest(ROUTE + C);
    folder.write("config/file", "");
    const port = await start(["--runtime-config", join(folder.path, "config")]);
    expect((await exchange({ port, path: "/" })).status).to.equal(200);
    expect(executor?.stderr).to.include("counts as absent");
  });

  it("shows a client certificate to those servers that the runtime configuration names", async () => {
    const signal = AbortSignal.timeout(60_000);
    await makeAuthority(folder.path, signal);
    const names = [
      { name: "server", subject: "/CN=server", names: ["DNS:localhost"] },
      { name: "client", subject: "/CN=guest" },
    ];
    await issueCertificates(folder.path, names, signal);
    function read(name: string): string {
      return readFileSync(join(folder.path, name), "utf8");
    }
    const tls = { cert: read("server.crt"), key: read("server.key"), ca: read("ca.crt"), requestCert: true };
    // As many servers do it offers HTTP/2 too, by which guests would see no headers.
    const server = createSecureServer({ ...tls, allowHTTP1: true }, (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      response.setHeader("x-of-server", "seen");
      response.end(`hello ${String(subject.CN)}`);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const target = `/outbound?https://localhost:${(server.address() as AddressInfo).port}/`;
    folder.copy(await buildSpinApp("rust-spin"), ".");
    folder.write("spin.toml", read("spin.toml").replace('"http://self"', '"http://self", "https://localhost:*"'));
    const files = [
      ["ca_roots_file", "ca.crt"],
      ["client_cert_file", "client.crt"],
      ["client_private_key_file", "client.key"],
    ].map(([key, name]) => `${key} = "${join(folder.path, name ?? "")}"\n`);
    const config = join(folder.path, "config.toml");
    try {
      folder.write("config.toml", `[[client_tls]]\ncomponent_ids = ["app"]\nhosts = ["localhost"]\n${files.join("")}`);
      const port = await start(["--runtime-config", config]);
      const answer = await exchange({ port, path: target });
      expect(answer.body).to.equal("hello guest");
      expect(answer.headers).to.have.property("x-of-server", "seen");
      await executor?.stop();
      folder.write(
        "config.toml",
        `[[client_tls]]\ncomponent_ids = ["other"]\nhosts = ["localhost"]\n${files.join("")}`,
      );
      const other = await start(["--runtime-config", config]);
      expect((await exchange({ port: other, path: target })).body).to.include("TlsCertificateError");
    } finally {
      server.close();
    }
    folder.write("config.toml", `[[client_tls]]\ncomponent_ids = ["app"]\nhosts = ["a"]\nca_roots_file = "/none"\n`);
    expect((await end(["--runtime-config", config])).stderr).to.match(/^Cannot read "\/none" of \[\[client_tls\]\]/);
  });

  it("keeps guests from blocked networks", async () => {
    folder.copy(await buildSpinApp("rust-spin"), ".");
    folder.write("config.toml", '[outbound_networking]\nblock_networks = ["127.0.0.0/8"]\n');
    const manifest = readFileSync(join(folder.path, "spin.toml"), "utf8");
    folder.write("spin.toml", manifest.replace('"http://self"', '"http://self", "http://localhost:*"'));
    const port = await start(["--runtime-config", join(folder.path, "config.toml")]);
    for (const host of ["127.0.0.1", "localhost"]) {
      const { body } = await exchange({ port, path: `/outbound?http://${host}:${port}/hello` });
      expect(body, host).to.include("DestinationIpProhibited");
    }
    expect((await exchange({ port, path: "/self/hello" })).body).to.equal("hello from rust\n");
  });

  it("refuses a runtime configuration that is none", async () => {
    folder.manifest(ROUTE + C);
    folder.write("config.toml", "[key_value_stores.default]\n");
    expect((await end(["--runtime-config", join(folder.path, "config.toml")])).stderr).to.match(/key_value_stores/);
  });

  describe("with all that Spin gives to a component", () => {
    let port: number;
    beforeEach(async function () {
      this.timeout(900_000);
      const app = await buildSpinApp("rust-spin");
      const environment = { SPIN_VARIABLE_GREETING: "moin", DATA_FILE: "/there", PLACE: "of the host" };
      const state = ["--state-dir", join(folder.path, "state"), "--variable", "token=given"];
      executor = new ExecutorProcess(["up", ...LISTEN, ...state, app], environment);
      port = await executor.port();
    });

    async function get(path: string): Promise<string> {
      return (await exchange({ port, path })).body;
    }

    it("gives variables by the command line, the environment under both names, and defaults", async () => {
      expect(await get("/variable/greeting")).to.equal("moin from a template");
      expect(await get("/variable/data_file")).to.equal("/there");
      expect(await get("/variable/token")).to.equal("given");
      expect(await get("/environment")).to.equal("PLACE=of the manifest\n");
    });

    it("keeps what is stored over a restart", async () => {
      expect((await exchange({ port, path: "/key-value/a", method: "PUT", body: "one" })).body).to.equal("done\n");
      expect(await get("/key-value/a")).to.equal("one");
      expect((await exchange({ port, path: "/sqlite", body: "a note" })).body).to.equal("1\n");
      await executor?.stop();
      executor = new ExecutorProcess([
        "up",
        ...LISTEN,
        "--state-dir",
        join(folder.path, "state"),
        await buildSpinApp("rust-spin"),
      ]);
      port = await executor.port();
      expect(await get("/key-value/a")).to.equal("one");
      expect(await get("/sqlite")).to.equal("1 a note\n");
    });

    it("reaches itself, its own components, and hosts that it may", async () => {
      expect(await get("/self/hello")).to.equal("hello from rust\n");
      expect(await get("/chained/any")).to.equal("hello from c, call 1\n");
      expect(await get(`/outbound?http://127.0.0.1:${port}/hello`)).to.equal("hello from rust\n");
      expect(await get("/outbound?http://example.com/")).to.include("HttpRequestDenied");
    });

    it("sees its own files", async () => {
      expect((await exchange({ port, path: "/asset/short.txt" })).status).to.equal(200);
      expect(await get("/asset/none.txt")).to.include("No such file");
    });
  });
});
