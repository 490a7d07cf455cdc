import { once } from "node:events";
import { closeSync, existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { pipe2 } from "./descriptor.ts";
import { Reaper } from "./reaper.ts";
import { becomeSubreaper } from "./subreaper.ts";

describe("Reaper", () => {
  const reaper = new Reaper();

  before(() => {
    becomeSubreaper();
    reaper.start();
  });

  after(() => {
    reaper.stop();
  });

  it("tells every exit code of orphans that end at the same time", async () => {
    const codes = Array.from({ length: 256 }, (_, code) => code);
    const { pids, release } = await makeOrphans(reaper, codes);
    const exits = pids.map(async (pid) => reaper.exitOf(pid));
    release();
    expect((await Promise.all(exits)).map(({ status }) => status)).to.deep.equal(codes);
  });

  for (const [signal, status] of [
    ["SIGKILL", 137],
    ["SIGTERM", 143],
    ["SIGSEGV", 139],
  ] as const) {
    it(`tells that an orphan ended by ${signal}`, async () => {
      const { pids, release } = await makeOrphans(reaper, [0]);
      const exit = reaper.exitOf(pids[0] ?? 0);
      process.kill(pids[0] ?? 0, signal);
      expect(await exit).to.have.property("status", status);
      release();
    });
  }

  it("remembers the exit of an orphan that nobody had asked for, once", async () => {
    const { pids, release } = await makeOrphans(reaper, [33]);
    const [pid = 0] = pids;
    release();
    while (existsSync(`/proc/${pid}`)) await delay(2);
    expect(await reaper.exitOf(pid)).to.have.property("status", 33);
    const error = await reaper.exitOf(pid).catch((reason: unknown) => reason);
    expect(error).to.have.property("code", "ECHILD");
  });

  it("tells all who asked while it ran", async () => {
    const { pids, release } = await makeOrphans(reaper, [9]);
    const [pid = 0] = pids;
    const exits = Promise.all([reaper.exitOf(pid), reaper.exitOf(pid), reaper.exitOf(pid)]);
    release();
    expect((await exits).map(({ status }) => status)).to.deep.equal([9, 9, 9]);
  });

  it("refuses a process that is no child", async () => {
    const error = await reaper.exitOf(process.ppid).catch((reason: unknown) => reason);
    expect(error)
      .to.have.property("message")
      .that.matches(/no child/);
  });

  it("leaves the children of Node to Node while it reaps orphans", async () => {
    const codes = Array.from({ length: 40 }, (_, code) => code);
    const own = codes.map(async (code) => exitCodeOf(reaper, code));
    const { pids, release } = await makeOrphans(reaper, codes.toReversed());
    const exits = pids.map(async (pid) => reaper.exitOf(pid));
    release();
    const more = codes.map(async (code) => exitCodeOf(reaper, code));
    expect((await Promise.all(exits)).map(({ status }) => status)).to.deep.equal(codes.toReversed());
    expect(await Promise.all([...own, ...more])).to.deep.equal([...codes, ...codes]);
  });

  it("waits for Node to reap its child before it looks at the orphans behind it", async () => {
    const { pids, release } = await makeOrphans(reaper, [21]);
    const [pid = 0] = pids;
    const exit = reaper.exitOf(pid);
    const own = reaper.spawnOwn("/bin/sh", ["-c", "exit 22"], { stdio: "ignore" });
    const ownExit = once(own, "exit");
    spinUntilZombie(own.pid ?? 0); // Node cannot reap it before this test awaits.
    release();
    spinUntilZombie(pid);
    reaper.stop();
    reaper.start();
    expect(await exit).to.have.property("status", 21);
    expect(await ownExit).to.deep.equal([22, null]);
  });

  it("forgets after a minute the exit that nobody asked for", async () => {
    reaper.stop();
    let time = 0;
    const aged = new Reaper({ now: () => new Date(time) });
    aged.start();
    const first = await endUnasked(aged);
    time = 60_001;
    const second = await endUnasked(aged);
    const error = await aged.exitOf(first).catch((reason: unknown) => reason);
    expect(error).to.have.property("code", "ECHILD");
    expect(await aged.exitOf(second)).to.deep.equal({ status: 1, at: new Date(60_001) });
    aged.stop();
    reaper.start();
  });

  it("lets a program that does not exist fail as in Node", async () => {
    const [error] = (await once(reaper.spawnOwn("/nonesuch", [], {}), "error")) as [Error];
    expect(error).to.have.property("code", "ENOENT");
  });
});

async function endUnasked(reaper: Reaper): Promise<number> {
  const { pids, release } = await makeOrphans(reaper, [1]);
  const [pid = 0] = pids;
  release();
  while (existsSync(`/proc/${pid}`)) await delay(2);
  return pid;
}

function spinUntilZombie(pid: number): void {
  const end = performance.now() + 5000;
  while (!readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ") && performance.now() < end);
}

async function exitCodeOf(reaper: Reaper, code: number): Promise<number> {
  const child = reaper.spawnOwn("/bin/sh", ["-c", `exit ${code}`], { stdio: "ignore" });
  return ((await once(child, "exit")) as [number])[0];
}

/** Processes whose parent has ended already and that wait for `release` to end all at once, with these codes. */
async function makeOrphans(
  reaper: Reaper,
  codes: readonly number[],
): Promise<{ readonly pids: readonly number[]; readonly release: () => void }> {
  const gate = pipe2();
  const script = codes.map((code) => `(read line <&3; exit ${code}) >&- & echo $!`).join("\n");
  const child = reaper.spawnOwn("/bin/sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit", gate.readEnd] });
  closeSync(gate.readEnd);
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child, "close");
  return {
    pids: output.trim().split("\n").map(Number),
    release: () => {
      closeSync(gate.writeEnd);
    },
  };
}
