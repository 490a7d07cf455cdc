import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, before, describe, it } from "mocha";
import { ExecutorProcess } from "../support/executor-process.ts";
import { exchange, open } from "../support/http-exchange.ts";
import { buildRustGuest } from "../support/rust-guest.ts";

const CLIENTS = 16;
const MORE_MS = 20_000;
/** The guest computes for some milliseconds: these clients, which are one process, could not keep it busy else. */
const BUSY_PATH = "/recurse?26";

describe("executor serve, threads", function threads() {
  this.timeout(600_000); // The guest may have to be built first.
  let component = "";
  const running: ExecutorProcess[] = [];

  before(async () => {
    component = join(await buildRustGuest("rust-host"), "rust_host.wasm");
  });
  afterEach(async () => {
    for (const each of running.splice(0)) {
      each.signal("SIGKILL");
      await each.ended();
    }
  });

  async function serve(...flags: readonly string[]): Promise<ExecutorProcess> {
    const process = new ExecutorProcess(["serve", "--listen", "127.0.0.1:0", ...flags, component]);
    running.push(process);
    await process.port();
    return process;
  }

  it("gets another one when the first has no time left, loses no request, and stops with all of them", async () => {
    const process = await serve("--max-threads", "2");
    const end = Date.now() + MORE_MS;
    const port = await process.port();
    let isMany = 0;
    const failures = await failuresUntil(port, () => {
      if (threadsOf(process) > 1) isMany += 1;
      return isMany > 200 || Date.now() > end;
    });
    expect(failures).to.deep.equal([]);
    expect(threadsOf(process)).to.equal(2);
    const { code } = await process.stop();
    expect(code).to.equal(0);
    expect(process.log().map(({ message }) => message)).to.include("Thread ended");
  });

  it("does not share its address with another program", async () => {
    const first = await serve("--max-threads", "2");
    const address = `127.0.0.1:${String(await first.port())}`;
    const second = new ExecutorProcess(["serve", "--max-threads", "2", "--listen", address, component]);
    running.push(second);
    const { code, stderr } = await second.ended();
    expect(code).to.not.equal(0);
    expect(stderr).to.include(`Cannot listen on "${address}"`);
  });

  it("serves all there is to its end when it stops", async () => {
    const process = await serve("--max-threads", "2");
    const port = await process.port();
    await untilMany(process, port);
    const begun = await Promise.all(Array.from({ length: 8 }, async () => open({ port, path: "/slow?1000" })));
    process.signal("SIGTERM");
    const answers = await Promise.all(begun.map(async (response) => text(response)));
    expect(answers).to.deep.equal(Array.from({ length: 8 }, () => "first\nsecond\n"));
    expect((await process.ended()).code).to.equal(0);
  });

  it("has one when it may have one, and when there is little to do", async () => {
    const one = await serve();
    const end = Date.now() + 1500;
    const port = await one.port();
    expect(await failuresUntil(port, () => Date.now() > end)).to.deep.equal([]);
    expect(threadsOf(one)).to.equal(1);
    await one.stop();
    const idle = await serve("--max-threads", "2");
    for (let request = 0; request < 20; request += 1) {
      await exchange({ port: await idle.port(), path: "/" });
      await delay(50);
    }
    expect(threadsOf(idle)).to.equal(1);
  });

  it("gives it back when there has been nothing to do", async () => {
    const process = await serve("--max-threads", "2");
    const port = await process.port();
    await untilMany(process, port);
    await process.until(() => threadsOf(process) === 1, 40_000);
    expect((await exchange({ port, path: "/" })).body).to.equal("call 1\n");
  });
});

/** Asks without end until `isOver`; returns all that was not the one answer there is. */
async function failuresUntil(port: number, isOver: () => boolean): Promise<string[]> {
  const failures: string[] = [];
  async function client(): Promise<void> {
    while (!isOver()) {
      const answer = await exchange({ port, path: BUSY_PATH }).catch(String);
      const said = typeof answer === "string" ? answer : `${String(answer.status)} ${answer.body}`;
      if (!said.startsWith("200 ")) failures.push(said);
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return failures;
}

async function untilMany(process: ExecutorProcess, port: number): Promise<void> {
  const end = Date.now() + MORE_MS;
  await failuresUntil(port, () => threadsOf(process) > 1 || Date.now() > end);
  expect(threadsOf(process)).to.be.above(1);
}

function threadsOf(process: ExecutorProcess): number {
  return Number(
    process.log().findLast(({ message }) => /^Thread (?:added|ended)$/.test(String(message)))?.["threads"] ?? 1,
  );
}
