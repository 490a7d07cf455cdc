import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { issueCertificates, makeAuthority } from "../cluster/pki.ts";
import { ExecutorProcess } from "../support/executor-process.ts";
import { exchange } from "../support/http-exchange.ts";
import { buildRustGuest } from "../support/rust-guest.ts";
import { SpinFolder } from "../support/spin-folder.ts";
import { createUpstream } from "./executor-http-upstream.ts";

const START_MS = 60_000;
const MANIFEST = `[[trigger.http]]
route = "/..."
component = "app"
[component.app]
source = "app.wasm"
allowed_outbound_hosts = ["https://localhost:*", "https://127.0.0.1:*"]
`;
/** How the guest asks, and what the server says that it was sent. */
const WAYS = [
  ["trailers", "body | [x-end=1, x-more=2]"],
  ["body", "body | []"],
] as const;

describe("executor up, trailers of requests that a guest makes", () => {
  const folder = new SpinFolder();
  const pki = new SpinFolder();
  const running: ExecutorProcess[] = [];
  let upstream: Server;
  let upstreamPort: number;

  before(async function () {
    this.timeout(600_000);
    const component = join(await buildRustGuest("rust-host"), "rust_host.wasm");
    folder.manifest(MANIFEST);
    folder.write("app.wasm", readFileSync(component));
    const signal = AbortSignal.timeout(START_MS);
    await makeAuthority(pki.path, signal);
    await issueCertificates(pki.path, [{ name: "server", subject: "/CN=server", names: ["DNS:localhost"] }], signal);
    const [cert, key] = ["server.crt", "server.key"].map((file) => readFileSync(join(pki.path, file)));
    upstream = createUpstream((listener) => https.createServer({ cert, key }, listener));
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    upstreamPort = (upstream.address() as AddressInfo).port;
  });
  after(async () => {
    await Promise.all(running.map(async (executor) => executor.stop()));
    upstream.closeAllConnections();
    upstream.close();
    for (const each of [folder, pki]) each[Symbol.dispose]();
  });

  async function portOf(...flags: readonly string[]): Promise<number> {
    const executor = new ExecutorProcess(["up", "--listen", "127.0.0.1:0", ...flags, folder.path]);
    running.push(executor);
    return executor.port();
  }

  async function asked(port: number, ask: string, host: string): Promise<string> {
    return (await exchange({ port, path: `/asking?${ask},tls:${host}:${upstreamPort}` })).body;
  }

  it("reach servers with TLS, and like any request only those that are trusted, right and allowed", async () => {
    const port = await portOf("--certificates", join(pki.path, "ca.crt"));
    const other = await portOf();
    for (const [ask, expected] of WAYS) {
      expect(await asked(port, ask, "localhost")).to.include(expected);
      expect(await asked(port, ask, "127.0.0.1")).to.include("ErrorCode::TlsCertificateError");
      expect(await asked(port, ask, "127.0.0.2")).to.include("ErrorCode::HttpRequestDenied");
      expect(await asked(other, ask, "localhost")).to.include("ErrorCode::TlsCertificateError");
    }
  });

  it("reach no server in a network that the runtime configuration blocks", async () => {
    folder.write("config.toml", `[outbound_networking]\nblock_networks = ["127.0.0.0/8"]\n`);
    const flags = ["--runtime-config", join(folder.path, "config.toml")];
    const port = await portOf(...flags, "--certificates", join(pki.path, "ca.crt"));
    for (const [ask] of WAYS) {
      for (const host of ["localhost", "127.0.0.1"]) {
        expect(await asked(port, ask, host)).to.include("ErrorCode::DestinationIpProhibited");
      }
    }
  });
});
