import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { PassThrough } from "node:stream";
import { createLog } from "@rcm/lib/log";
import { expect } from "chai";
import { describe, it } from "mocha";
import { runManager } from "./app.ts";
import { parseConfig } from "./config.ts";

describe("runManager()", () => {
  it("closes the port that it has when it cannot have the other", async () => {
    const [taken, free] = [await listen(), await listen()];
    await close(free.server);
    const flags = {
      namespace: "n",
      "installer-image": "i",
      "metrics-address": `127.0.0.1:${free.port}`,
      "health-address": `127.0.0.1:${taken.port}`,
    };
    const command = parseConfig(
      Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      {},
    );
    if (command.kind !== "run") throw new Error("It does not run");
    const credentials = { server: "https://127.0.0.1:1", tls: {}, headers: async () => Promise.resolve({}) };
    const around = { credentials, identity: "me", log: createLog("manager", "error", new PassThrough()) };
    const problem: unknown = await runManager(command.config, around, new AbortController().signal).catch(
      (error: unknown) => error,
    );
    expect(String(problem)).to.include(String(taken.port));
    const socket = connect(free.port, "127.0.0.1");
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code).to.equal("ECONNREFUSED");
    await close(taken.server);
  });
});

async function listen(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}
