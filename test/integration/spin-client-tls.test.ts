import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type Server, createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { issueCertificates, makeAuthority } from "../cluster/pki.ts";
import { buildSpinApp } from "../guests/spin-app.ts";
import { ExecutorProcess } from "../support/executor-process.ts";
import { exchange } from "../support/http-exchange.ts";
import { SpinFolder } from "../support/spin-folder.ts";

const NAMES = ["DNS:localhost", ...[1, 2, 3].map((last) => `IP:127.0.0.${last}`)];
const REFUSED = "TlsCertificateError";

describe("executor up, with [[client_tls]] of its runtime configuration", function suite() {
  this.timeout(60_000);
  const folder = new SpinFolder();
  const authorities = { container: new SpinFolder(), other: new SpinFolder() } as const;
  const servers: Server[] = [];
  let ports: Readonly<Record<keyof typeof authorities, number>>;
  let executor: ExecutorProcess;
  let port: number;

  before(async function () {
    this.timeout(900_000);
    folder.copy(await buildSpinApp("rust-spin"), ".");
    const manifest = readFileSync(join(folder.path, "spin.toml"), "utf8");
    folder.write("spin.toml", manifest.replace('"http://self"', '"http://self", "https://*:*"'));
    ports = { container: await serve("container"), other: await serve("other") };
    const file = `ca_roots_file = "${join(authorities.other.path, "ca.crt")}"\n`;
    const entries = [
      ["localhost", file],
      ["127.0.0.1", `${file}ca_use_webpki_roots = true\n`],
      ["127.0.0.2", "ca_use_webpki_roots = false\n"],
    ].map(([host, keys]) => `[[client_tls]]\ncomponent_ids = ["app"]\nhosts = ["${host}"]\n${keys}`);
    folder.write("config.toml", entries.join(""));
    const flags = ["--runtime-config", join(folder.path, "config.toml")];
    const trusted = ["--certificates", join(authorities.container.path, "ca.crt")];
    executor = new ExecutorProcess(["up", "--listen", "127.0.0.1:0", ...flags, ...trusted, folder.path]);
    port = await executor.port();
  });
  after(async () => {
    await executor.stop();
    for (const server of servers) server.close();
    for (const each of [folder, ...Object.values(authorities)]) each[Symbol.dispose]();
  });

  /** A server with a certificate of that authority. @returns its port. */
  async function serve(name: keyof typeof authorities): Promise<number> {
    const { path } = authorities[name];
    const signal = AbortSignal.timeout(60_000);
    await makeAuthority(path, signal);
    await issueCertificates(path, [{ name: "server", subject: "/CN=server", names: NAMES }], signal);
    const [cert, key] = ["server.crt", "server.key"].map((file) => readFileSync(join(path, file)));
    const server = createServer({ cert, key }, (_request, response) => response.end(name));
    servers.push(server);
    await once(server.listen(0, "0.0.0.0"), "listening");
    return (server.address() as AddressInfo).port;
  }

  for (const [what, host, ofContainer, ofOther] of [
    ["the authorities of the file only", "localhost", REFUSED, "other"],
    ["those of the file and of the container", "127.0.0.1", "container", "other"],
    ["none", "127.0.0.2", REFUSED, REFUSED],
    ["those of the container, where there is no entry", "127.0.0.3", "container", REFUSED],
  ] as const) {
    it(`trusts ${what}`, async () => {
      const got = await Promise.all(
        [ports.container, ports.other].map(
          async (target) => (await exchange({ port, path: `/outbound?https://${host}:${target}/` })).body,
        ),
      );
      expect(got[0]).to.include(ofContainer);
      expect(got[1]).to.include(ofOther);
    });
  }
});
