import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { constants, createServer as createHttp2Server } from "node:http2";
import type { Server, Socket } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { CriConnection } from "./cri-connection.ts";
import { waitForCri } from "./wait-for-cri.ts";

// Of a whole file, so without a limit of its own: mocha limits each test.
const { signal } = new AbortController();

describe("CriConnection", () => {
  let folder = "";
  let socket = "";
  let server: Server | undefined;
  const clients = new Set<Socket>();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-cri-"));
    socket = join(folder, "c.sock");
  });
  afterEach(async () => {
    server?.close();
    server = undefined;
    for (const client of clients) client.destroy();
    await rm(folder, { recursive: true });
  });

  /** A socket on which nobody ever says anything, as that of a daemon that hangs. */
  async function listenSilently(): Promise<void> {
    server = createServer((client) => {
      clients.add(client.on("error", () => undefined));
    });
    server.listen(socket);
    await once(server, "listening");
  }

  it("fails with UNAVAILABLE where there is no socket", async () => {
    const cri = new CriConnection(socket);
    const error = await caught(cri.call("Version", {}, signal));
    cri.close();
    expect(error).to.include({ code: "UNAVAILABLE" });
    expect(error)
      .to.have.property("detail")
      .that.matches(/ENOENT \S+c\.sock\.?$/);
  });

  it("fails with TIMEOUT where nobody answers", async () => {
    await listenSilently();
    const cri = new CriConnection(socket);
    const error = await caught(cri.call("Version", {}, signal, 50));
    cri.close();
    expect(error).to.include({ code: "TIMEOUT", detail: "no answer within 50 ms" });
  });

  it("fails with TIMEOUT where the server keeps the deadline before we do, as containerd may", async () => {
    const resetting = createHttp2Server().on("stream", (stream) => {
      stream.on("error", () => undefined).close(constants.NGHTTP2_CANCEL);
    });
    resetting.listen(socket);
    await once(resetting, "listening");
    const cri = new CriConnection(socket);
    const errors = [await caught(cri.call("Version", {}, signal, 50)), await caught(cri.call("Version", {}, signal))];
    cri.close();
    resetting.close();
    expect(errors[0]).to.include({ code: "TIMEOUT", detail: "no answer within 50 ms" });
    expect(errors[1]).to.include({ code: "FAILED", detail: "Call cancelled" });
  });

  it("fails with the caller's reason where that aborts, before and during a call", async () => {
    await listenSilently();
    const cri = new CriConnection(socket);
    const reason = new Error("enough");
    const controller = new AbortController();
    const calling = caught(cri.call("Version", {}, controller.signal));
    controller.abort(reason);
    expect(await calling).to.equal(reason);
    expect(await caught(cri.call("Version", {}, controller.signal))).to.equal(reason);
    cri.close();
  });

  describe("waitForCri()", () => {
    it("fails as its last attempt did, once its time is up", async () => {
      const error = await caught(waitForCri({ socket, deadlineMs: 100 }, signal));
      expect(error).to.include({ code: "UNAVAILABLE" });
      expect(error).to.have.property("message").that.includes(`Cannot reach CRI at "${socket}" within 100 ms: `);
    });

    it("fails with TIMEOUT where nobody ever answers", async () => {
      await listenSilently();
      expect(await caught(waitForCri({ socket, deadlineMs: 50 }, signal))).to.have.property("code", "TIMEOUT");
    });

    it("fails with the caller's reason where that aborts", async () => {
      const reason = new Error("enough");
      const waiting = caught(waitForCri({ socket, deadlineMs: 20_000 }, AbortSignal.abort(reason)));
      expect(await waiting).to.equal(reason);
    });
  });
});

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error("It did not fail"),
    (reason: unknown) => reason,
  );
}
