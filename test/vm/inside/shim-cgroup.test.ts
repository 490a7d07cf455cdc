import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killAll } from "@rcm/shim/cgroup/kill-all";
import { OomWatches } from "@rcm/shim/cgroup/oom-watch";
import { cgroupOfProcess, cgroupOfSpec, readCgroupMounts, type CgroupPaths } from "@rcm/shim/cgroup/paths";
import { pidsIn } from "@rcm/shim/cgroup/pids";
import { readStats, type Stats } from "@rcm/shim/cgroup/read-stats";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { tryCommand } from "../../cluster/run-command.ts";

const mounts = readCgroupMounts();
const watches = new OomWatches(() => expect.fail("version 2 needs no eventfd"));
const LIMIT_BYTES = 16 * 1024 * 1024;
const LIMIT_PIDS = 64;

describe("a cgroup on a machine that has version 2 only", () => {
  const path = `/rcm-cgroup-v2-${String(process.pid)}`;
  const paths = cgroupOfSpec(path, mounts);
  const folder = paths?.version === 2 ? paths.folder : "";

  beforeEach(async () => {
    await mkdir(join(folder, "nested"), { recursive: true });
    await writeFile(join(folder, "memory.max"), String(LIMIT_BYTES));
    await writeFile(join(folder, "pids.max"), String(LIMIT_PIDS));
  });
  afterEach(async () => {
    await killAll(ours(), mounts, limit());
    for (const name of [join(folder, "nested"), folder]) {
      await tryCommand(["rmdir", name], { timeoutMs: 10_000 }, limit());
    }
  });

  function ours(): CgroupPaths {
    if (paths === undefined) throw new TypeError("There is no cgroup");
    return paths;
  }

  it("is found by a process in it and by a spec's path alike", async () => {
    const pid = await start("exec sleep 100");
    expect(cgroupOfProcess(pid, mounts)).to.deep.equal(paths);
  });

  it("is found by the path of a systemd unit as well", () => {
    expect(cgroupOfSpec("a-b.slice:cri:id", mounts)).to.deep.equal({
      version: 2,
      folder: "/sys/fs/cgroup/a.slice/a-b.slice/cri-id.scope",
    });
  });

  it("has statistics at the start", () => {
    const { pids, memory, memoryEvents } = metricsOf(readStats(ours()));
    expect(pids).to.deep.equal({ current: 0n, limit: BigInt(LIMIT_PIDS) });
    expect(memory.usageLimit).to.equal(BigInt(LIMIT_BYTES));
    expect(memoryEvents).to.include({ oom: 0n, oomKill: 0n });
  });

  it("has statistics that move", async () => {
    const { cpu } = metricsOf(readStats(ours()));
    const file = join(mkdtempSync(join(tmpdir(), "rcm-cgroup-")), "file");
    const write = `dd if=/dev/zero of=${file} bs=64k count=16 conv=fsync 2> /dev/null`;
    try {
      await start(`sleep 100 & x=$(head -c 4000000 /dev/zero | tr '\\000' x); ${write}; echo done; wait`, "done");
    } finally {
      rmSync(join(file, ".."), { recursive: true });
    }
    const after = metricsOf(readStats(ours()));
    expect(after.pids.current).to.equal(2n);
    expect(Number(after.cpu.usageUsec)).to.be.greaterThan(Number(cpu.usageUsec));
    expect(Number(after.memory.anon)).to.be.within(4_000_000, LIMIT_BYTES);
    expect(Number(after.memory.usage)).to.be.within(4_000_000, LIMIT_BYTES);
    expect(Number(after.memory.pgfault)).to.be.greaterThan(500);
    const written = after.io.usage.reduce((sum, { wbytes }) => sum + Number(wbytes), 0);
    expect(written).to.be.at.least(1024 * 1024);
  });

  it("counts the processes that the kernel killed for want of memory", async () => {
    const child = spawn("sh", ["-c", `${enter()} exec tail < /dev/zero`], { stdio: "ignore" });
    expect(await once(child, "exit")).to.deep.equal([null, "SIGKILL"]);
    expect(metricsOf(readStats(ours())).memoryEvents.oomKill).to.equal(1n);
  });

  it("tells of a process that the kernel killed for want of memory, by itself, and of no other kill", async () => {
    const told = Promise.withResolvers<void>();
    let calls = 0;
    const watch = watches.watch(ours(), () => {
      calls += 1;
      told.resolve();
    });
    const killed = spawn("sh", ["-c", `${enter()} kill -9 $$`], { stdio: "ignore" });
    expect(await once(killed, "exit")).to.deep.equal([null, "SIGKILL"]);
    const pid = await start("sleep 100 & tail < /dev/zero; echo gone; wait", "gone");
    const keepAlive = setTimeout(told.reject, 30_000, new Error("nobody told")); // The watch does not.
    await told.promise;
    clearTimeout(keepAlive);
    expect(pidsIn(ours())).to.include(pid); // Only its child was killed.
    expect([watch.check(), await watch.checkAtEnd(false), calls]).to.deep.equal([false, true, 1]);
    watch.close();
  });

  it("names its processes and those of nested cgroups, and the init process in any case", async () => {
    const outer = await start("exec sleep 100");
    const inner = await start("exec sleep 100", "ready", "/nested");
    const expected = [outer, inner].toSorted((one, other) => one - other);
    expect(pidsIn(ours())).to.deep.equal(expected);
    expect(pidsIn(ours(), 1)).to.deep.equal([1, ...expected]);
  });

  it("loses all its processes by killAll(), also those that fork, ignore signals or are frozen", async () => {
    await start("while :; do sh -c 'trap : TERM; sleep 0.01' & sleep 0.005; done");
    await start("trap : TERM INT; while :; do sleep 1; done", "ready", "/nested");
    await writeFile(join(folder, "cgroup.freeze"), "1");
    await killAll(ours(), mounts, limit());
    expect(pidsIn(ours())).to.deep.equal([]);
    await killAll(ours(), mounts, limit());
  });

  it("is never killed if it is the machine's", async () => {
    const root: CgroupPaths = { version: 2, folder: mounts.unified?.folder ?? "" };
    const error = await killAll(root, mounts, limit()).then(undefined, (reason: unknown) => reason);
    expect(error).to.have.property("code", "NOT_A_CONTAINER");
  });

  it("is gone once it has been removed", async () => {
    await tryCommand(["rmdir", join(folder, "nested"), folder], { timeoutMs: 10_000 }, limit());
    expect(existsSync(folder)).to.equal(false);
    expect(readStats(ours())).to.deep.equal({ kind: "gone" });
    expect(pidsIn(ours())).to.deep.equal([]);
    await killAll(ours(), mounts, limit());
  });

  /** Starts a shell in the cgroup, and waits until it has said `line`. */
  async function start(script: string, line = "ready", below = ""): Promise<number> {
    const child = spawn("sh", ["-c", `${enter(below)} echo ready; ${script}`], { stdio: ["ignore", "pipe", "ignore"] });
    let said = "";
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      said += String(chunk);
      if (said.includes(`${line}\n`)) break;
    }
    return child.pid ?? 0;
  }

  /** The start of a script that is to run in the cgroup. */
  function enter(below = ""): string {
    return `echo $$ > ${folder}${below}/cgroup.procs;`;
  }
});

function metricsOf(stats: Stats): Extract<Stats, { readonly kind: "v2" }>["metrics"] {
  if (stats.kind !== "v2") throw new TypeError(`Statistics of kind ${stats.kind}`);
  return stats.metrics;
}

/** For what must not hang. Each has its own: a whole suite takes longer than any of them. */
function limit(): AbortSignal {
  return AbortSignal.timeout(120_000);
}
