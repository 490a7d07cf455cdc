import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { buildGuest } from "../guests/build-guest.ts";
import { ExecutorProcess } from "../support/executor-process.ts";
import { exchange, open } from "../support/http-exchange.ts";
import { buildRustGuest } from "../support/rust-guest.ts";
import { SpinFolder } from "../support/spin-folder.ts";

const MANIFEST = `
[[trigger.http]]
route = "/..."
component = "front"
[[trigger.http]]
route = "/old/..."
component = "old"
[component.front]
source = "host.wasm"
allowed_outbound_hosts = ["http://nobody.spin.internal"]
[component.old]
source = "inbound.wasm"
`;
/** More than the kernel takes for a client that does not read. */
const LARGE = Buffer.alloc(16 << 20, "x");
const TURNS = 2;

describe("executor up, bodies that nobody reads", () => {
  let port = 0;
  let executor: ExecutorProcess;
  const folder = new SpinFolder();

  before(async function () {
    this.timeout(900_000);
    folder.copy(await buildGuest("c-inbound"), "inbound.wasm");
    folder.copy(join(await buildRustGuest("rust-host"), "rust_host.wasm"), "host.wasm");
    folder.manifest(MANIFEST);
    const limits = ["--max-concurrent", String(TURNS), "--queue-ms", "1000", "--request-ms", "5000"];
    executor = new ExecutorProcess(["up", "--listen", "127.0.0.1:0", ...limits, folder.path]);
    port = await executor.port();
  });
  after(async () => {
    expect((await executor.stop()).code).to.equal(0);
    folder[Symbol.dispose]();
  });

  it("fails at once where a guest's request goes nowhere, however much it writes", async () => {
    const headers = { connection: "close" };
    const ask = { port, path: "/relay?nobody.spin.internal/", body: Buffer.alloc(1_000_000, "x"), headers };
    expect((await exchange(ask)).status).to.equal(500); // This guest takes an answer for granted.
    expect((await executor.failure(ask.path))["reason"]).to.match(/unreachable/);
  });

  it("keeps the turn of a guest of Spin 1 until its client has read the answer", async () => {
    const asked = await askLarge(port);
    expect((await exchange({ port, path: "/old/" })).status).to.equal(503);
    asked.pop()?.destroy();
    expect((await exchange({ port, path: "/old/" })).status).to.equal(200);
    for (const response of asked) expect((await text(response)).length).to.be.greaterThan(LARGE.length);
  });

  it("cuts an answer of Spin 1 that is not read in the time of the request", async () => {
    const asked = await askLarge(port);
    await executor.until(() => executor.stderr.split("the time of one request is over").length > TURNS);
    expect((await exchange({ port, path: "/old/" })).status).to.equal(200);
    for (const response of asked) expect(await text(response).catch((error: unknown) => error)).to.be.instanceOf(Error);
  });
});

/** As many large answers as there are turns; none is read. */
async function askLarge(port: number): Promise<IncomingMessage[]> {
  return Promise.all(Array.from({ length: TURNS }, async () => open({ port, path: "/old/", body: LARGE })));
}
