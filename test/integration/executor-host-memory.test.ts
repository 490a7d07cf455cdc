import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { ExecutorProcess } from "../support/executor-process.ts";
import { exchange } from "../support/http-exchange.ts";
import { buildRustGuest } from "../support/rust-guest.ts";

/** Each way to have the host keep much: up to 0.8 GB, if it did. */
const HOARDS = [
  "fields",
  "fields-empty",
  "fields-clone",
  "fields-clone-incoming",
  "views",
  "requests",
  "responses",
  "bodies",
  "bodies-finished",
  "trailers",
  "unread",
];
/**
 * Beyond what the process has before: the 16 MiB that a guest may have, the memory of its own, and what V8 has not yet
 * freed, which is most of it.
 */
const MAX_MORE_MIB = 200;
const RESPONSE_BYTES = 60_000;
/** Fields of a request, all together 51 KB. */
const FIELDS = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`x-${index}`, "v".repeat(150)]));

describe("executor serve, what the host keeps for a guest", () => {
  const upstream = http.createServer((_request, response) => response.end(Buffer.alloc(RESPONSE_BYTES)));
  let executor: ExecutorProcess;
  let authority: string;

  before(async function () {
    this.timeout(600_000);
    const component = join(await buildRustGuest("rust-host"), "rust_host.wasm");
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    authority = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    executor = new ExecutorProcess(["serve", "--listen", "127.0.0.1:0", "--allow-network", component]);
    await exchange({ port: await executor.port(), path: "/" });
  });
  after(async () => {
    await executor.stop();
    upstream.closeAllConnections();
    upstream.close();
  });

  for (const hoard of HOARDS) {
    it(`is little, and the guest ends that wants more: ${hoard}`, async () => {
      const path = `/hoard?${hoard},${authority}`;
      const startMiB = executor.resetPeak();
      const { status } = await exchange({ port: await executor.port(), path, headers: FIELDS });
      expect(status).to.equal(500);
      expect((await executor.failure(path))["reason"]).to.match(/fields and bodies have more than 16777216 bytes/);
      expect(executor.peakMiB() - startMiB).to.be.lessThan(MAX_MORE_MIB);
    });
  }

  it("does not grow with what the guest gives back, nor by asking for a request's fields again", async () => {
    for (const [hoard, kept] of [
      ["given-back", "0 kept\n"],
      ["headers-again", "300000 kept\n"],
    ]) {
      const startMiB = executor.resetPeak();
      const { body } = await exchange({ port: await executor.port(), path: `/hoard?${hoard}`, headers: FIELDS });
      expect(body).to.equal(kept);
      expect(executor.peakMiB() - startMiB).to.be.lessThan(MAX_MORE_MIB);
    }
  });
});
