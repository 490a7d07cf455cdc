import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { releaseInit } from "./release-init.ts";

let folder: string;
let fifo: string;
let init: ChildProcess | undefined;

describe("releaseInit()", () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "release-"));
    fifo = join(folder, "exec.fifo");
    execFileSync("mkfifo", [fifo]);
    writeFileSync(join(folder, "state.json"), "{}");
  });
  afterEach(() => {
    init?.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });

  it("lets a process go that waits at the FIFO, and removes the FIFO", async () => {
    const pid = startInit(`printf 0 > ${fifo}; exec sleep 60`);
    expect(await releaseInit(folder, pid, soon())).to.equal(true);
    expect(existsSync(fifo)).to.equal(false);
  });

  it("waits for a process that is slow, and takes its byte when it ends at once", async () => {
    const pid = startInit(`sleep 0.2; printf 0 > ${fifo}`);
    expect(await releaseInit(folder, pid, soon())).to.equal(true);
  });

  it("says that the process is dead when it ends without a byte", async () => {
    const pid = startInit("sleep 0.1");
    const error = await caught(releaseInit(folder, pid, soon()));
    expect(error).to.include({ code: "FailedPrecondition", message: "container process is already dead" });
    expect(existsSync(fifo)).to.equal(true);
  });

  it("says so when it opens the FIFO and writes nothing", async () => {
    const pid = startInit(`: > ${fifo}; exec sleep 60`);
    expect(await caught(releaseInit(folder, pid, soon()))).to.have.property("code", "FailedPrecondition");
  });

  it("gives up with the caller", async () => {
    const pid = startInit("exec sleep 60");
    expect(await caught(releaseInit(folder, pid, AbortSignal.timeout(50)))).to.have.property("name", "TimeoutError");
  });

  it("does nothing without a FIFO, or without the state of runc", async () => {
    rmSync(join(folder, "state.json"));
    expect(await releaseInit(folder, process.pid, soon())).to.equal(false);
    expect(await releaseInit(join(folder, "nonesuch"), process.pid, soon())).to.equal(false);
    writeFileSync(join(folder, "state.json"), "{}");
    rmSync(fifo);
    expect(await releaseInit(folder, process.pid, soon())).to.equal(false);
  });
});

function startInit(script: string): number {
  init = spawn("sh", ["-c", script], { stdio: "ignore" });
  init.once("error", () => undefined);
  return init.pid ?? 0;
}

async function caught(work: Promise<unknown>): Promise<unknown> {
  return work.catch((reason: unknown) => reason);
}

function soon(): AbortSignal {
  return AbortSignal.timeout(10_000);
}
