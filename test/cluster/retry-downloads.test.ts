import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import { retryDownloads } from "./retry-downloads.ts";

const SOON_MS = 1;

/** Fails so often before it succeeds. @returns how often it was done, and how it ended. */
async function endOf(failures: number, message: string): Promise<readonly [tries: number, end: string]> {
  let tries = 0;
  async function work(): Promise<string> {
    tries += 1;
    if (tries <= failures) throw new Error(message);
    return Promise.resolve("done");
  }
  const end = await retryDownloads(work, SOON_MS).catch(String);
  return [tries, end];
}

describe("retryDownloads()", () => {
  for (const message of [
    "npm error code ECONNRESET",
    "npm error network request to https://registry.example/x failed",
    "Caused by: [28] Timeout was reached (download of `a` failed to transfer more than 10 bytes in 30s)",
    "Caused by: [6] Could not resolve host: static.crates.example",
    "error: could not download file from 'https://static.example/x' to '/x'",
    'go: example.org/x@v1: Get "https://proxy.example/x": dial tcp 192.0.2.1:443: i/o timeout',
    'go: example.org/x@v1: Get "https://proxy.example/x": EOF',
    "go: example.org/x@v1: reading https://proxy.example/x: 502 Bad Gateway",
    "ReadTimeoutError(\"HTTPSConnectionPool(host='files.example', port=443): Read timed out.\")",
  ]) {
    it(`does it again after: ${message}`, async () => {
      expect(await endOf(2, message)).to.deep.equal([3, "done"]);
    });
  }

  it("gives up after four times, and says so", async () => {
    const [tries, end] = await endOf(9, "connection reset by peer");
    expect(tries).to.equal(4);
    expect(end).to.include("connection reset by peer (it was tried 4 times)");
  });

  it("does not do again what its caller's signal has ended", async () => {
    let tries = 0;
    async function work(): Promise<void> {
      tries += 1;
      await delay(60_000, undefined, { signal: AbortSignal.timeout(1) });
    }
    expect(await retryDownloads(work, SOON_MS).catch(String)).to.match(/^AbortError: /);
    async function throwing(): Promise<void> {
      tries += 1;
      return Promise.reject(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
    }
    expect(await retryDownloads(throwing, SOON_MS).catch(String)).to.match(/^TimeoutError: /);
    expect(tries).to.equal(2);
  });

  it("does not do again what fails by itself", async () => {
    expect(await endOf(1, "error[E0308]: mismatched types")).to.deep.equal([
      1,
      "Error: error[E0308]: mismatched types",
    ]);
  });
});
