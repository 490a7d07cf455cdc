import { execFileSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Runc } from "@rcm/shim/runc/runc";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { eventually } from "../support/kubectl.ts";
import { createContainer, createRuncBench, runToEnd, type RuncBench } from "../support/runc-bench.ts";

let bench: RuncBench;

describe("Runc on a real runc", () => {
  before(() => {
    bench = createRuncBench();
  });
  after(() => {
    bench.close();
  });

  it("creates, starts and deletes containers, and the reaper tells their exit codes", async () => {
    for (const code of [0, 1, 127, 255]) {
      const container = await createContainer(bench, `code-${code}`, { args: ["sh", "-c", `exit ${code}`] });
      expect(await runToEnd(bench, container)).to.have.property("status", code);
    }
    expect(leftovers("code-")).to.deep.equal([]);
  });

  it("lets init run without runc, so that runc and the container agree", async () => {
    const { id, pid, exit } = await createContainer(bench, "life", { args: ["sleep", "100"] });
    expect(await bench.runc.state(id, soon())).to.include({ id, pid, status: "created" });
    await bench.runc.start({ id, pid, hasPoststartHooks: false }, soon());
    expect(await bench.runc.state(id, soon())).to.include({ id, pid, status: "running" });
    expect(await bench.runc.ps(id, soon())).to.deep.equal([pid]);
    await bench.runc.pause(id, soon());
    expect(await bench.runc.state(id, soon())).to.include({ status: "paused" });
    await bench.runc.resume(id, soon());
    await bench.runc.update(id, JSON.stringify({ pids: { limit: 77 } }), soon());
    await bench.runc.kill(id, { signal: 9, all: true }, soon());
    expect(await exit).to.have.property("status", 137);
    await bench.runc.delete(id, { force: false }, soon());
    expect(leftovers("life")).to.deep.equal([]);
  });

  it("starts by runc itself when the spec has poststart hooks", async () => {
    const { id, pid, exit } = await createContainer(bench, "hooks", { args: ["sh", "-c", "exit 3"] });
    await bench.runc.start({ id, pid, hasPoststartHooks: true }, soon());
    expect(await exit).to.have.property("status", 3);
    await bench.runc.delete(id, { force: false }, soon());
  });

  it("says at once that init is dead when it died before start", async () => {
    const { id, pid, exit } = await createContainer(bench, "dead", { args: ["true"] });
    process.kill(pid, "SIGKILL");
    expect(await exit).to.have.property("status", 137);
    const error = await caught(bench.runc.start({ id, pid, hasPoststartHooks: false }, soon()));
    expect(error).to.include({ code: "FailedPrecondition", message: "container process is already dead" });
    await bench.runc.delete(id, { force: true }, soon());
  });

  it("gives what runc says as an error with a code", async () => {
    const { id, pid, exit } = await createContainer(bench, "errors", { args: ["sleep", "100"] });
    const again = caught(createContainer(bench, "errors2", { args: ["true"] }));
    const start = { id, pid, hasPoststartHooks: false };
    await bench.runc.start(start, soon());
    expect(await caught(bench.runc.start(start, soon()))).to.have.property("code", "FailedPrecondition");
    expect(await caught(bench.runc.delete(id, { force: false }, soon()))).to.have.property(
      "code",
      "FailedPrecondition",
    );
    expect(await caught(bench.runc.resume(id, soon()))).to.have.property("code", "FailedPrecondition");
    expect(await caught(bench.runc.update(id, "{", soon()))).to.have.property("code", "Unknown");
    process.kill(pid, "SIGKILL");
    await exit;
    const kill = await caught(bench.runc.kill(id, { signal: 15, all: false }, soon()));
    expect(kill).to.include({ code: "NotFound", message: "container not running" });
    await bench.runc.delete(id, { force: false }, soon());
    expect(await caught(bench.runc.state(id, soon()))).to.have.property("code", "NotFound");
    expect(await caught(bench.runc.delete(id, { force: false }, soon()))).to.have.property("code", "NotFound");
    await bench.runc.delete(id, { force: true }, soon());
    expect(await again).to.have.property("exit");
    await bench.runc.delete("errors2", { force: true }, soon());
  });

  it("refuses a second container of the same name and leaves the first alone", async () => {
    const { id, bundle, pid, stdio } = await createContainer(bench, "twice", { args: ["sleep", "100"] });
    const nothing = openSync("/dev/null", "r+");
    const request = { id, bundle, pidFile: join(bundle, "other.pid"), stdio: [nothing, nothing, nothing] as const };
    expect(await caught(bench.runc.create(request, soon()))).to.have.property("code", "AlreadyExists");
    expect(await bench.runc.state(id, soon())).to.include({ pid, status: "created" });
    closeSync(nothing);
    stdio.close();
    await bench.runc.delete(id, { force: true }, soon());
  });

  it("leaves nothing behind when create fails", async () => {
    const error = await caught(createContainer(bench, "missing-program", { args: ["/nonesuch"] }));
    expect(error)
      .to.have.property("message")
      .that.matches(/^runc create failed: .*"\/nonesuch".*no such file/);
    expect(leftovers("missing-program")).to.deep.equal([]);
  });

  it("kills runc when the caller gives up, and leaves nothing behind", async () => {
    const hooks = { createRuntime: [{ path: "/bin/sleep", args: ["sleep", "77"] }] };
    const begun = performance.now();
    const error = await caught(createContainer(bench, "slow", { args: ["true"], hooks, createMs: 500 }));
    expect(error).to.have.property("name", "TimeoutError");
    expect(performance.now() - begun).to.be.lessThan(5000);
    for (let i = 0; i < 50 && leftovers("slow").length > 0; i += 1) await delay(100);
    expect(leftovers("slow")).to.deep.equal([]);
  });

  it("names the program that is missing, and the remedy", async () => {
    const spawn = bench.host.spawn;
    const runc = new Runc({ binary: "nonesuch-runc", root: join(bench.folder, "root"), spawn });
    const error = await caught(runc.state("x", soon()));
    expect(error).to.have.property("code", "FailedPrecondition");
    expect(error)
      .to.have.property("message")
      .that.matches(/"nonesuch-runc".*no such program.*install runc/);
  });

  it("gives what the program itself says when it is no runc", async () => {
    const runc = new Runc({ binary: "/bin/ls", root: join(bench.folder, "root"), spawn: bench.host.spawn });
    expect(await caught(runc.pause("x", soon())))
      .to.have.property("message")
      .that.matches(/ls/);
  });

  it("does not gather what a wild runc writes", async () => {
    const program = join(bench.folder, "wild");
    writeFileSync(program, "#!/bin/sh\nexec cat /dev/zero\n", { mode: 0o755 });
    const runc = new Runc({ binary: program, root: join(bench.folder, "root"), spawn: bench.host.spawn });
    expect(await caught(runc.state("x", soon())))
      .to.have.property("message")
      .that.matches(/more than \d+ bytes/);
  });

  it("runs further processes in a container", async () => {
    const { id, pid, bundle, stdio } = await createContainer(bench, "exec", { args: ["sleep", "100"] });
    await bench.runc.start({ id, pid, hasPoststartHooks: false }, soon());
    const processJsonFile = join(bundle, "process.json");
    const pidFile = join(bundle, "exec.pid");
    const user = { uid: 0, gid: 0 };
    writeFileSync(
      processJsonFile,
      JSON.stringify({ args: ["sh", "-c", "exit 42"], env: ["PATH=/bin"], cwd: "/", user }),
    );
    const nothing = openSync("/dev/null", "r+");
    await bench.runc.exec({ id, processJsonFile, pidFile, stdio: [nothing, nothing, nothing] }, soon());
    closeSync(nothing);
    expect(await bench.reaper.exitOf(Number(readFileSync(pidFile, "utf8")))).to.have.property("status", 42);
    stdio.close();
    await bench.runc.delete(id, { force: true }, soon());
  });

  it("tells the exits of 100 containers that end at once", async () => {
    const ready = join(bench.folder, "ready");
    const created = await inLanes(4, 100, async (code) => {
      const args = ["sh", "-c", `trap "exit ${code}" TERM; echo ready; while :; do sleep 0.1; done`];
      const container = await createContainer(bench, `many-${code}`, { args }, { stdout: `file://${ready}` });
      const { id, pid } = container;
      await bench.runc.start({ id, pid, hasPoststartHooks: false }, soon());
      return container;
    });
    await eventually("100 containers to be ready", 60_000, async () => areReady(ready, 100), 20);
    for (const { pid } of created) process.kill(pid, "SIGTERM");
    const exits = await Promise.all(created.map(async ({ exit }) => exit));
    expect(exits.map(({ status }) => status)).to.deep.equal(created.map((_, code) => code));
    await inLanes(4, 100, async (code) => {
      created[code]?.stdio.close();
      await bench.runc.delete(`many-${code}`, { force: false }, soon());
    });
    expect(leftovers("many-")).to.deep.equal([]);
  }).timeout(120_000);
});

async function areReady(file: string, count: number): Promise<true | undefined> {
  return (await readFile(file, "utf8")).split("\n").length > count || undefined;
}

function soon(): AbortSignal {
  return AbortSignal.timeout(20_000);
}

async function caught(work: Promise<unknown>): Promise<unknown> {
  return work.catch((reason: unknown) => reason);
}

async function inLanes<R>(lanes: number, count: number, work: (index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  async function lane(): Promise<void> {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  }
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

/** What is left of containers whose name begins with `prefix`: state, cgroups, processes that use the bench's folder. */
function leftovers(prefix: string): readonly string[] {
  const states = readdirSync(join(bench.folder, "root")).filter((name) => name.startsWith(prefix));
  const cgroups = execFileSync("find", [
    "/sys/fs/cgroup",
    "-path",
    `*/shim-bench-${process.pid}/${prefix}*`,
    "-type",
    "d",
  ]);
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(commandOf)
    .filter((command) => command.includes(bench.folder) || command.includes("sleep 77"));
  return [...states, ...cgroups.toString().split("\n").filter(Boolean), ...processes];
}

function commandOf(pid: string): string {
  try {
    return `${readlinkSync(`/proc/${pid}/cwd`)} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`;
  } catch {
    return "";
  }
}
