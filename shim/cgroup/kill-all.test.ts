import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { killAll } from "./kill-all.ts";
import { parseCgroupMounts } from "./paths.ts";

const MOUNTS = parseCgroupMounts("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw");
const NOBODY = 0x7f_ff_ff_fe;

/** With folders in place of cgroups; real ones are in test/integration. */
describe("killAll()", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-kill-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("has nothing to do without processes", async () => {
    await killAll({ version: 2, folder }, MOUNTS, AbortSignal.timeout(5000));
    await killAll({ version: 1, folders: new Map() }, MOUNTS, AbortSignal.timeout(5000));
  });

  it("kills one by one where the kernel has no cgroup.kill, and thaws", async () => {
    const child = spawn("sleep", ["100"], { stdio: "ignore" });
    await writeFile(join(folder, "cgroup.procs"), `${String(child.pid)}\n${String(NOBODY)}\n`);
    await writeFile(join(folder, "freezer.state"), "FROZEN");
    const folders = new Map([["freezer", folder]]);
    const stop = new AbortController();
    const killing = killAll({ version: 1, folders }, MOUNTS, stop.signal).catch((reason: unknown) => reason);
    expect(await once(child, "exit")).to.deep.equal([null, "SIGKILL"]);
    stop.abort(new Error("enough"));
    expect(await killing).to.be.instanceOf(Error);
    expect(await readFile(join(folder, "freezer.state"), "utf8")).to.equal("THAWED");
  });

  it("gives up on processes that stay", async () => {
    await writeFile(join(folder, "cgroup.procs"), `${String(NOBODY)}\n`);
    await writeFile(join(folder, "cgroup.kill"), "");
    const error = await killAll({ version: 2, folder }, MOUNTS, AbortSignal.timeout(20_000)).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.include({ code: "STILL_ALIVE" });
    expect(error)
      .to.have.property("message")
      .that.matches(/^Cannot kill the processes of cgroup ".*": 2147483646 are left after 100 rounds: look at them/);
    expect(await readFile(join(folder, "cgroup.kill"), "utf8")).to.equal("1");
  }).timeout(20_000);

  it("does not touch the machine's own cgroup, nor one with this process in it", async () => {
    const signal = AbortSignal.timeout(5000);
    const root = await killAll({ version: 2, folder: "/sys/fs/cgroup" }, MOUNTS, signal).catch(
      (reason: unknown) => reason,
    );
    expect(root)
      .to.have.property("message")
      .that.matches(/"\/sys\/fs\/cgroup": it is the machine's own: give containers/);
    await writeFile(join(folder, "cgroup.procs"), `${String(process.pid)}\n${String(NOBODY)}\n`);
    const own = await killAll({ version: 2, folder }, MOUNTS, signal).catch((reason: unknown) => reason);
    expect(own)
      .to.have.property("message")
      .that.matches(/this shim, process \d+, is in it/);
  });
});
