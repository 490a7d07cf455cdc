import { once } from "node:events";
import { existsSync, linkSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { isShimAlive } from "./is-shim-alive.ts";

describe("isShimAlive()", () => {
  const work = { folder: "", path: "" };

  beforeEach(() => {
    work.folder = mkdtempSync(join(tmpdir(), "rcm-alive-"));
    work.path = join(work.folder, "socket");
  });

  afterEach(() => {
    rmSync(work.folder, { recursive: true });
  });

  it("says so of a socket at which somebody listens, and lets it be", async () => {
    const server = createServer((socket) => socket.destroy());
    await once(server.listen(work.path), "listening");
    expect([await isShimAlive(work.path), await isShimAlive(work.path)]).to.deep.equal([true, true]);
    await new Promise((resolve) => server.close(resolve));
  });

  it("takes away what a dead one left", async () => {
    await leaveSocket(work.path);
    expect(await isShimAlive(work.path)).to.equal(false);
    expect(existsSync(work.path)).to.equal(false);
  });

  it("bears others that take it away at the same time", async () => {
    const dead = join(work.folder, "dead");
    await leaveSocket(dead);
    // One who puts it there and takes it away again, all the time.
    const code = `
      const { linkSync, rmSync } = require("node:fs");
      const { workerData: { dead, path }, parentPort } = require("node:worker_threads");
      parentPort.postMessage("begun");
      for (;;) { try { linkSync(dead, path); } catch {} rmSync(path, { force: true }); }`;
    const other = new Worker(code, { eval: true, workerData: { dead, path: work.path } });
    await once(other, "message");
    const seen = new Set<boolean>();
    try {
      for (let turn = 0; turn < 5000; turn += 1) seen.add(await isShimAlive(work.path));
    } finally {
      await other.terminate();
    }
    expect([...seen]).to.deep.equal([false]);
  });
});

/** What a shim leaves that was killed: a socket at which nobody listens. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer();
  const own = `${path}.own`;
  await once(server.listen(own), "listening");
  linkSync(own, path);
  await new Promise((resolve) => server.close(resolve));
}
