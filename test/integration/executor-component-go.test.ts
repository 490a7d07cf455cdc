import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { buildGuest } from "../guests/build-guest.ts";
import { ExecutorProcess } from "../support/executor-process.ts";
import { exchange, open } from "../support/http-exchange.ts";

const BUILD_MS = 600_000;

describe("executor serve, a guest in Go", () => {
  let executor: ExecutorProcess;
  let port: number;

  before(async function () {
    this.timeout(BUILD_MS);
    executor = new ExecutorProcess(["serve", "--listen", "127.0.0.1:0", await buildGuest("go-http")]);
    port = await executor.port();
  });
  after(async () => {
    expect((await executor.stop()).code).to.equal(0);
  });

  async function get(path: string): Promise<string> {
    return (await exchange({ port, path })).body;
  }

  it("finds it in its first state at every request", async () => {
    for (const _ of [1, 2, 3]) expect(await get("/")).to.equal("hello from go, call 1\n");
  });

  it("gives no variables of its own", async () => {
    expect(await get("/env")).to.equal("[]\n");
  });

  it("lets it collect what it no longer needs", async () => {
    expect(await get("/collect")).to.equal("kept 131072\n");
  });

  it("gives a body back", async () => {
    const body = randomBytes(300_000);
    const chunks = await (await open({ port, path: "/echo", body })).toArray();
    expect(Buffer.concat(chunks as Buffer[]).equals(body)).to.equal(true);
  });

  it("answers 500 when it panics, and says why in the log", async () => {
    expect((await exchange({ port, path: "/trap" })).status).to.equal(500);
    expect(await get("/")).to.equal("hello from go, call 1\n");
    await executor.until(() => executor.stderr.includes("panic: asked to trap"));
  });
});
