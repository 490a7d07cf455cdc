import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type Server, createServer } from "node:http";
import { type AddressInfo, type Server as TcpServer, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { buildSpinApp } from "../guests/spin-app.ts";
import { ExecutorProcess, FLAGS } from "../support/executor-process.ts";
import { type Answer, exchange } from "../support/http-exchange.ts";
import { RedisServer } from "../support/redis-server.ts";
import { buildRustGuest } from "../support/rust-guest.ts";
import { SpinFolder } from "../support/spin-folder.ts";

const MAIN = join(import.meta.dirname, "..", "..", "shim", "executor", "main.ts");
/** A file in the place of /etc/hosts, for this process only: needs root. */
const SCRIPT = `mount --make-rprivate / && mount --bind "$1" /etc/hosts && shift && exec "$@"`;
const OPEN = "127.0.0.2";
/** Of the two, the system prefers neither. */
const BLOCKED = "127.0.0.3";
/** The same for the system. */
const NUMBER = "2130706435";
const PROHIBITED = "ErrorCode::DestinationIpProhibited";
const DENIED = "ErrorCode::HttpRequestDenied";

const HOSTS: readonly (readonly [address: string, name: string])[] = [
  [BLOCKED, "both.inner.test"],
  [OPEN, "both.inner.test"],
  [OPEN, "either.inner.test"],
  [BLOCKED, "either.inner.test"],
  [BLOCKED, "bad.inner.test"],
  [OPEN, "turning.inner.test"],
  [OPEN, "templated.test"],
  [OPEN, "unlisted.test"],
  [OPEN, "inner.test"],
  ["127.0.0.1", "localhost"],
];

/** @param port - of the HTTP servers. @param redis - of the Redis server. */
function manifest(port: number, redis: string, tcp: number): string {
  const rules = [
    `http://127.0.0.0/8:${port}..${port + 1}`,
    "http://*.inner.test:*",
    "http://{{ place }}:*",
    `redis://*.inner.test:${redis}`,
    `redis://127.0.0.0/8:${redis}`,
    `redis://${NUMBER}:${redis}`,
    `tcp://127.0.0.1:${tcp}`,
    "udp://127.0.0.0/8:*",
    "http://self",
  ];
  const allowed = `allowed_outbound_hosts = ${JSON.stringify(rules)}\n`;
  const sockets = ["/tcp", "/udp", "/relay", "/fetch"].map(
    (route) => `[[trigger.http]]\nroute = "${route}"\ncomponent = "host"\n`,
  );
  return `[variables]
place = { required = true }
[[trigger.http]]
route = "/..."
component = "app"
${sockets.join("")}
[component.app]
source = "app.wasm"
${allowed}
[component.host]
source = "host.wasm"
${allowed}`;
}

/** Needs root, for a mount of its own. */
describe("executor up, and where its components may connect to", function suite() {
  this.timeout(60_000);
  const folder = new SpinFolder();
  const redis = new RedisServer(OPEN);
  const asked = { [OPEN]: 0, [BLOCKED]: 0 };
  let servers: readonly Server[];
  let tcp: TcpServer;
  let target: number;
  let store: string;
  let executor: ExecutorProcess;
  let port: number;

  before(async function () {
    this.timeout(900_000);
    folder.copy(join(await buildSpinApp("rust-spin"), "app.wasm"), "app.wasm");
    folder.copy(join(await buildRustGuest("rust-host"), "rust_host.wasm"), "host.wasm");
    const one = await serve(OPEN, 0);
    target = (one.address() as AddressInfo).port;
    servers = [one, await serve(BLOCKED, target)];
    store = new URL(await redis.start()).port;
    tcp = createTcpServer((socket) => socket.pipe(socket).on("error", () => undefined));
    await once(tcp.listen(0, "127.0.0.1"), "listening");
    folder.manifest(manifest(target, store, tcpPort()));
    setHosts(HOSTS);
    // Connections that are kept were checked when they were made: here each request has one of its own.
    folder.write("config.toml", `[outbound_networking]\nblock_networks = ["${BLOCKED}/32"]\n[outbound_http]\n`);
    const flags = ["--runtime-config", join(folder.path, "config.toml")];
    const program = [process.execPath, ...FLAGS, MAIN];
    executor = new ExecutorProcess(
      [join(folder.path, "hosts"), ...program, "up", "--listen", "127.0.0.1:0", ...flags, folder.path],
      { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", SPIN_VARIABLE_PLACE: "templated.test" },
      ["unshare", "--mount", "sh", "-c", SCRIPT, "sh"],
    );
    port = await executor.port();
  });
  after(async () => {
    await executor.stop();
    for (const server of [...servers, tcp]) server.close();
    await redis[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function serve(address: keyof typeof asked, at: number): Promise<Server> {
    const server = createServer(({ url }, response) => {
      asked[address] += 1;
      if (url === "/redirect") response.writeHead(302, { location: `http://${BLOCKED}:${target}/` });
      response.end(`of ${address}`);
    });
    await once(server.listen(at, address), "listening");
    return server;
  }

  function tcpPort(): number {
    return (tcp.address() as AddressInfo).port;
  }

  /** In place: the file that is mounted stays the same one. */
  function setHosts(entries: typeof HOSTS): void {
    writeFileSync(join(folder.path, "hosts"), entries.map((entry) => `${entry.join(" ")}\n`).join(""));
  }

  async function get(path: string): Promise<Answer> {
    return exchange({ port, path });
  }

  describe("by HTTP", () => {
    for (const [why, host, expected] of [
      ["lets an address of an allowed network through", OPEN, `of ${OPEN}`],
      ["lets a name through, by the address that is not blocked", "both.inner.test", `of ${OPEN}`],
      ["lets a name through, whichever address comes first", "either.inner.test", `of ${OPEN}`],
      ["lets a host through that a variable names", "templated.test", `of ${OPEN}`],
      ["refuses a name that nothing allows", "unlisted.test", DENIED],
      ["refuses the domain itself where names below it are allowed", "inner.test", DENIED],
      ["refuses a name whose only address is blocked", "bad.inner.test", PROHIBITED],
      ["refuses a blocked address", BLOCKED, PROHIBITED],
      ["refuses a blocked address as a number", NUMBER, PROHIBITED],
      ["refuses a blocked address in hexadecimal, short", "0x7f.3", PROHIBITED],
      ["refuses a blocked address as one of IPv6", `[::ffff:${BLOCKED}]`, PROHIBITED],
    ] as const) {
      it(why, async () => {
        const askedBefore = asked[BLOCKED];
        expect((await get(`/outbound?http://${host}:${target}/`)).body).to.include(expected);
        expect(asked[BLOCKED]).to.equal(askedBefore);
      });
    }

    it("refuses a port that is not in the range", async () => {
      expect((await get(`/outbound?http://${OPEN}:${target + 1}/`)).body).to.include(DENIED);
    });

    it("looks a name up for each connection, and checks what comes of it", async () => {
      const path = `/outbound?http://turning.inner.test:${target}/`;
      expect((await get(path)).body).to.equal(`of ${OPEN}`);
      setHosts(HOSTS.map(([address, name]) => [name === "turning.inner.test" ? BLOCKED : address, name]));
      expect((await get(path)).body).to.include(PROHIBITED);
      setHosts(HOSTS);
      expect((await get(path)).body).to.equal(`of ${OPEN}`);
    });

    it("checks what comes of a name for a request whose body comes later, too", async () => {
      const askedBefore = { ...asked };
      const ask = { port, method: "POST", body: "a body" };
      const through = await exchange({ ...ask, path: `/relay?both.inner.test:${target}/` });
      expect(through).to.include({ status: 200, body: `of ${OPEN}` });
      expect((await exchange({ ...ask, path: `/relay?bad.inner.test:${target}/` })).status).to.equal(500);
      expect(asked).to.deep.equal({ ...askedBefore, [OPEN]: askedBefore[OPEN] + 1 });
    });

    it("hands a redirect to the guest, and does not go there", async () => {
      const askedBefore = { ...asked };
      const { status, body } = await get(`/outbound?http://${OPEN}:${target}/redirect`);
      expect({ status, body }).to.deep.equal({ status: 302, body: `of ${OPEN}` });
      expect((await get(`/fetch?${OPEN}:${target}/redirect`)).body).to.match(/^302 /);
      expect(asked).to.deep.equal({ ...askedBefore, [OPEN]: askedBefore[OPEN] + 2 });
    });

    it("lets a component ask its own application", async () => {
      expect((await get("/self/hello")).body).to.equal("hello from rust\n");
    });
  });

  describe("by Redis", () => {
    it("lets an address and a name through", async () => {
      expect((await get(`/redis?redis://${OPEN}:${store}`)).body).to.equal("1");
      expect((await get(`/redis?redis://both.inner.test:${store}`)).body).to.equal("2");
    });

    for (const [why, host, expected] of [
      ["a blocked address", BLOCKED, "InvalidAddress"],
      ["a name whose only address is blocked", "bad.inner.test", "destination-IP-prohibited"],
      ["a blocked address as a number", NUMBER, "destination-IP-prohibited"],
      ["a name that nothing allows", "unlisted.test", "InvalidAddress"],
    ] as const) {
      it(`refuses ${why}`, async () => {
        expect((await get(`/redis?redis://${host}:${store}`)).body).to.include(expected);
      });
    }
  });

  describe("by sockets", () => {
    it("lets an address with its port through, and no other", async () => {
      expect((await get(`/tcp?${tcpPort()}`)).body).to.match(/^8 bytes from /);
      expect((await get(`/tcp?${target}`)).status).to.equal(500);
    });

    it("lets datagrams through, and names be looked up", async () => {
      expect((await get("/udp")).body).to.match(/^1 8 (true|false)\n$/);
    });
  });
});
