import { once } from "node:events";
import { closeSync, mkdtempSync, rmSync, statSync, writeSync } from "node:fs";
import { connect, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { acceptNow, listenUnix, receiveFd } from "./socket.ts";

let folder: string;

function useHooks(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "socket-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
}

describe("listenUnix()", () => {
  useHooks();

  it("makes a socket that a server of Node's can serve, for the owner alone", async () => {
    const path = join(folder, "new/s");
    const fd = listenUnix(path);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(statSync(join(folder, "new")).mode & 0o777).to.equal(0o700);
    const server = new Server((socket) => socket.end("hello")).listen({ fd });
    const client = connect(path);
    const [data] = (await once(client, "data")) as [Buffer];
    client.destroy();
    server.close();
    expect(data.toString()).to.equal("hello");
  });

  it("says that something is there already", () => {
    const path = join(folder, "s");
    const fd = listenUnix(path);
    expect(() => listenUnix(path))
      .to.throw(`Cannot listen on "${path}"`)
      .with.property("code", "EADDRINUSE");
    closeSync(fd);
  });

  it("takes a path of 107 bytes and refuses one of 108", () => {
    const path = join(folder, "s".repeat(107 - folder.length - 1));
    closeSync(listenUnix(path));
    expect(() => listenUnix(`${path}s`))
      .to.throw("107")
      .with.property("code", "ENAMETOOLONG");
  });
});

describe("receiveFd()", () => {
  useHooks();

  it("has nothing when nobody connected, or sent nothing", async () => {
    const fd = listenUnix(join(folder, "s"));
    expect(acceptNow(fd)).to.equal(undefined);
    const client = connect(join(folder, "s"));
    await once(client, "connect");
    const connection = acceptNow(fd) ?? -1;
    expect(receiveFd(connection)).to.equal(undefined);
    writeSync(connection, "x");
    client.destroy();
    closeSync(connection);
    closeSync(fd);
  });

  it("has no descriptor when plain bytes were sent", async () => {
    const fd = listenUnix(join(folder, "s"));
    const client = connect(join(folder, "s"));
    await once(client, "connect");
    client.write("bytes"); // Written at once: the socket is empty.
    const connection = acceptNow(fd) ?? -1;
    expect(receiveFd(connection)).to.equal(undefined);
    client.destroy();
    closeSync(connection);
    closeSync(fd);
  });
});
