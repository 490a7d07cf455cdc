import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { buildGuest } from "../guests/build-guest.ts";
import { ExecutorProcess } from "../support/executor-process.ts";
import { type Answer, exchange, open } from "../support/http-exchange.ts";
import { buildRustGuest } from "../support/rust-guest.ts";
import { SpinFolder } from "../support/spin-folder.ts";

const MANIFEST = `
[[trigger.http]]
route = "/base/:some_id/..."
component = "old"
[[trigger.http]]
route = "/..."
component = "front"
[[trigger.http]]
route = "/exact"
component = "plain"
[[trigger.http]]
route = "/moved"
static_response = { status_code = 302, headers = { location = "/exact", x-own = "1" }, body = "gone" }
[[trigger.http]]
route = "/old/..."
component = "old"
[[trigger.http]]
route = "/twice"
component = "front"
[[trigger.http]]
route = "/twice"
component = "plain"
[[trigger.http]]
route = { private = true }
component = "back"
[component.front]
source = "host.wasm"
environment = { PLACE = "of the manifest" }
allowed_outbound_hosts = ["http://back.spin.internal", "http://front.spin.internal", "http://self", "http://nobody.spin.internal"]
files = [{ source = "files", destination = "/data" }]
[component.back]
source = "host.wasm"
[component.plain]
source = "c.wasm"
[component.old]
source = "inbound.wasm"
[component.unused]
source = "garbage.wasm"
`;

describe("executor up, an application of several components", () => {
  const folder = new SpinFolder();
  let executor: ExecutorProcess;
  let port: number;

  before(async function () {
    this.timeout(900_000);
    folder.copy(join(await buildRustGuest("rust-host"), "rust_host.wasm"), "host.wasm");
    folder.copy(await buildGuest("c-http"), "c.wasm");
    folder.copy(await buildGuest("c-inbound"), "inbound.wasm");
    folder.write("garbage.wasm", "no trigger needs it");
    folder.write("files/note.txt", "of the host");
    folder.manifest(MANIFEST);
    const limits = ["--max-concurrent", "4", "--queue-ms", "5000"];
    executor = new ExecutorProcess(["up", "--listen", "127.0.0.1:0", ...limits, folder.path], {
      SECRET_OF_THE_HOST: "not for guests",
    });
    port = await executor.port();
  });
  after(async () => {
    expect((await executor.stop()).code).to.equal(0);
    folder[Symbol.dispose]();
  });

  async function get(path: string): Promise<Answer> {
    return exchange({ port, path });
  }

  async function linesOf(path: string, headers: Readonly<Record<string, string>> = {}): Promise<string[]> {
    return (await exchange({ port, path, headers })).body.trimEnd().split("\n");
  }

  describe("by its routes", () => {
    it("leads to the best match, and of two alike to the last", async () => {
      expect((await get("/exact")).body).to.equal("hello from c, call 1\n");
      expect((await get("/exact/?query")).body).to.equal("hello from c, call 1\n");
      expect((await get("/anything")).body).to.equal("call 1\n");
      expect((await get("/twice")).body).to.equal("hello from c, call 1\n");
      expect(executor.log().find(({ message }) => message === "Route replaced by a later one")).to.include({
        route: "/twice",
        owner: 'component "front"',
      });
    });

    it("tells the guest by headers which way the request came, each once, whatever the client says", async () => {
      const faked = { host: "h:80", "spin-full-url": "fake", "SPIN-Other": "1", "x-a": "b" };
      const asked = await linesOf("/fields?q=1", faked);
      expect(asked[0]).to.equal('method Method::Get scheme Some(Scheme::Http) authority Some("h:80")');
      expect(asked.filter((line) => line.startsWith("spin-") && !line.startsWith("spin-client-addr="))).to.deep.equal([
        "spin-path-info=/fields",
        "spin-full-url=http://h:80/fields?q=1",
        "spin-matched-route=/...",
        "spin-base-path=/",
        "spin-raw-component-route=/...",
        "spin-component-route=",
      ]);
      expect(asked.filter((line) => /^spin-client-addr=127\.0\.0\.1:\d+$/.test(line))).to.have.length(1);
      expect(asked).to.include("x-a=b");
    });

    for (const [path, pathInfo] of [
      ["/base/7/x/y?q=1", "/x/y"],
      ["/base/7/x/y/", "/x/y/"],
      ["/base/7", ""],
      ["/base/7/", "/"],
    ] as const) {
      it(`gives the parts of ${path}`, async () => {
        const lines = await linesOf(path, { host: "h:80" });
        expect(lines.filter((line) => line.startsWith("spin-") && !line.startsWith("spin-client"))).to.deep.equal([
          `spin-path-info=${pathInfo}`,
          `spin-full-url=http://h:80${path}`,
          "spin-matched-route=/base/:some_id/...",
          "spin-base-path=/",
          "spin-raw-component-route=/base/:some_id/...",
          "spin-component-route=/base/:some_id",
          "spin-path-match-some-id=7",
        ]);
      });
    }

    it("hides a host that only means something inside", async () => {
      const lines = await linesOf("/fields", { host: "back.spin.internal" });
      expect(lines[0]).to.match(/authority None$/);
      expect(lines.filter((line) => line.startsWith("host="))).to.deep.equal([]);
    });

    it("gives static responses", async () => {
      const { status, headers, body } = await exchange({ port, path: "/moved", body: "ignored" });
      expect({ status, body }).to.deep.equal({ status: 302, body: "gone" });
      expect(headers).to.include({ location: "/exact", "x-own": "1", "content-length": "4" });
    });

    it("answers for itself at /.well-known/spin", async () => {
      expect(await get("/.well-known/spin/health")).to.include({ status: 200, body: "OK" });
      const { body, headers } = await get("/.well-known/spin/info");
      expect(JSON.parse(body)).to.deep.equal({ name: "test", version: "1.2.3" });
      expect(headers["content-type"]).to.equal("application/json");
      expect(await get("/.well-known/spin/other")).to.include({ status: 404, body: "" });
    });

    it("answers 500 for a guest that traps, and logs which component it was", async () => {
      expect((await get("/trap")).status).to.equal(500);
      expect(await executor.failure("/trap")).to.include({ component: "front", status: 500, method: "GET" });
    });
  });

  it("gives each component what its manifest says, and nothing else", async () => {
    expect((await get("/env")).body).to.equal('[("PLACE", "of the manifest")]\n');
    expect((await get("/read?note.txt")).body).to.equal('["of the host"]\n');
    expect((await get("/escape?note.txt")).body).to.match(/create Some\(.*"read-only"/);
    expect((await get("/fetch?back.spin.internal/env")).body).to.equal("200 [] 3 []\n");
    expect((await get("/fetch?back.spin.internal/read?note.txt")).body).to.match(/^500 /);
    expect((await get("/sockets")).body).to.match(/access-denied/);
  });

  describe("from component to component", () => {
    it("asks another one without leaving the process", async () => {
      expect((await get("/fetch?back.spin.internal/")).body).to.match(/^200 .* 7 \[\]\n$/);
      const trap = await get("/fetch?back.spin.internal/trap");
      expect(trap.body).to.match(/^500 /);
      expect(await executor.failure("/trap", "back")).to.include({ component: "back" });
    });

    it("asks the application by its routes", async () => {
      expect((await get("/fetch?self.alt/moved")).body).to.match(/^302 .* 4 \[\]\n$/);
      expect((await get("/fetch?self.alt/.well-known/spin/health")).body).to.match(/^200 .* 2 \[\]\n$/);
    });

    it("keeps to the manifest", async () => {
      expect((await get("/fetch?plain.spin.internal/")).body).to.equal("error ErrorCode::HttpRequestDenied\n");
      expect((await get("/fetch?127.0.0.1:1/")).body).to.equal("error ErrorCode::HttpRequestDenied\n");
      expect((await get("/fetch?nobody.spin.internal/")).body).to.equal("error ErrorCode::DestinationNotFound\n");
      const denied = executor.log().filter(({ message }) => message === "Outgoing connection denied");
      expect(denied.map(({ destination }) => destination)).to.include("http://127.0.0.1:1");
    });

    it("passes bodies on both ways while they come", async () => {
      const body = randomBytes(60_000); // The guest that asks writes all of it before it reads.
      const response = await open({ port, path: "/relay?back.spin.internal/echo", body });
      expect(Buffer.concat((await response.toArray()) as Buffer[]).equals(body)).to.equal(true);
      const large = Buffer.alloc(30_000_000, "x");
      const counted = await exchange({ port, path: "/relay?back.spin.internal/upload", body: large });
      expect(counted.body).to.equal("30000000 bytes\n");
    });

    it("passes trailers on", async () => {
      expect((await get("/fetch?back.spin.internal/trailers")).body).to.match(/^200 .* 5 \["x-bytes"\]\n$/);
    });

    it("takes 256 MiB through two guests at flat memory", async () => {
      await get("/relay?back.spin.internal/download?1000000");
      const residentMiB = executor.resetPeak();
      const response = await open({ port, path: `/relay?back.spin.internal/download?${256 << 20}` });
      let received = 0;
      for await (const chunk of response) received += (chunk as Buffer).length;
      expect(received).to.equal(256 << 20);
      expect(executor.peakMiB() - residentMiB).to.be.lessThan(128);
    }).timeout(120_000);

    it("goes on when all turns are taken by guests that ask others", async () => {
      const answers = await Promise.all(
        Array.from({ length: 32 }, async () => get("/fetch?back.spin.internal/sleep?50")),
      );
      expect(new Set(answers.map(({ body }) => body))).to.have.length(1);
      expect(answers[0]?.body).to.match(/^200 /);
    });

    it("ends a component that asks itself without end", async () => {
      expect(await get(deep(16))).to.include({ status: 200, body: "call 1\n" });
      expect(await get(deep(17))).to.include({ status: 500 });
      expect((await get("/fetch?front.spin.internal/")).body).to.match(/^200 /);
    });
  });

  describe("with a component of Spin 1", () => {
    it("hands requests over whole, and takes responses whole", async () => {
      const { status, headers, body } = await exchange({
        port,
        path: "/old/a?b",
        method: "PUT",
        body: Buffer.from("the body"),
        headers: { "x-text": Buffer.from("grün").toString("latin1"), host: "h" },
      });
      expect(status).to.equal(200);
      expect(headers["x-method"]).to.equal("2");
      const lines = body.split("\n");
      expect(lines[0]).to.equal("/old/a?b");
      expect(lines).to.include.members(["x-text=grün", "spin-path-info=/a", "the body"]);
    });

    it("takes large bodies, and answers without one", async () => {
      const large = "x".repeat(3_000_000);
      expect((await exchange({ port, path: "/old/", body: large })).body).to.match(/x{3000000}$/);
      expect((await get("/old/grow")).body).to.match(/^\/old\/grow\n/);
    });

    it("refuses what it can not express", async () => {
      expect((await exchange({ port, path: "/old/", method: "PROPFIND" })).status).to.equal(405);
      expect((await exchange({ port, path: "/old/", headers: { "x-bytes": "\xff" } })).status).to.equal(400);
    });
  });
});

/** The path of a request that asks the same component again, so many times. */
function deep(levels: number): string {
  return `/${"relay?front.spin.internal/".repeat(levels)}`;
}
