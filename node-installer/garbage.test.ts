import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { lockFile } from "@rcm/lib/flock";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Context } from "./context.ts";
import { collectGarbage } from "./garbage.ts";
import { binaryPath, linkPath, storedDigests } from "./host/store.ts";
import { EMPTY_RECORD } from "./record.ts";
import { createSampleHost } from "./testing/sample-host.ts";
import type { SampleHost } from "./testing/sample-host.ts";

const OLD = "0".repeat(64);
const SHIM = "demo-v1";

describe("collectGarbage()", () => {
  let host: SampleHost;
  beforeEach(async () => {
    host = await createSampleHost();
    await mkdir(join(host.context.store.root, "bin"), { recursive: true });
    await mkdir(join(host.context.store.root, "store", OLD), { recursive: true });
  });
  afterEach(async () => host.remove());

  it("removes what only a link names that was cut off before it took its place", async () => {
    await symlink(binaryPath(host.context.store, OLD, SHIM), `${linkPath(host.context.store, SHIM)}.rcm-new`);
    await collectGarbage(host.context, EMPTY_RECORD, limit());
    expect(await storedDigests(host.context.store)).to.deep.equal([]);
  });

  describe("of a version that a process still runs", () => {
    let program: ChildProcess;
    beforeEach(async () => {
      const executable = binaryPath(host.context.store, OLD, SHIM);
      await copyFile("/bin/sleep", executable);
      program = spawn(executable, ["1000"], { stdio: "ignore" });
      await once(program, "spawn");
    });
    afterEach(() => program.kill("SIGKILL"));

    /** The script that waits on the host; the process that it waits for has ended. */
    async function waiter(): Promise<readonly string[]> {
      const scripts: (readonly string[])[] = [];
      const links = {
        ...host.context.links,
        detach: async (_: string, argv: readonly string[]) => void scripts.push(argv),
      };
      const context: Context = { ...host.context, links };
      expect(await collectGarbage(context, EMPTY_RECORD, limit())).to.deep.equal([OLD]);
      const ended = once(program, "exit");
      program.kill("SIGKILL");
      await ended;
      return scripts[0] ?? expect.fail("nothing waits on the host");
    }

    it("lets the host remove it when that has ended, and all folders with it", async () => {
      const [shell = "", ...args] = await waiter();
      expect(await once(spawn(shell, args, { stdio: "ignore" }), "exit")).to.deep.equal([0, null]);
      expect(await readdir(host.at("opt"))).to.deep.equal([]);
    });

    it("keeps it where an installer is at work that takes it into use again", async () => {
      const [shell = "", ...args] = await waiter();
      const lock = (await lockFile(host.context.machineIdPath, 1000, limit())) ?? expect.fail("no lock");
      const script = spawn(shell, args, { stdio: "ignore" });
      const ended = once(script, "exit");
      await untilItRuns("flock", script, limit());
      await symlink(binaryPath(host.context.store, OLD, SHIM), linkPath(host.context.store, SHIM));
      await lock.release();
      await ended;
      expect(await storedDigests(host.context.store)).to.deep.equal([OLD]);
    });
  });
});

/** Waits until a descendant of the process is a program of that name. */
async function untilItRuns(name: string, { pid = 0 }: ChildProcess, signal: AbortSignal): Promise<void> {
  while (!(await namesBelow(pid)).includes(name)) await delay(10, undefined, { signal });
}

async function namesBelow(pid: number): Promise<readonly string[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const pids = children
    .trim()
    .split(" ")
    .filter((each) => each !== "")
    .map(Number);
  const names = pids.map(async (each) => readFile(`/proc/${each}/comm`, "utf8").catch(() => ""));
  const below = await Promise.all(pids.map(namesBelow));
  return [...(await Promise.all(names)).map((name) => name.trim()), ...below.flat()];
}

function limit(): AbortSignal {
  return AbortSignal.timeout(20_000);
}
