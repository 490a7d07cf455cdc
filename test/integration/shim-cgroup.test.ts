import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmdirSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { killAll } from "@rcm/shim/cgroup/kill-all";
import { OomWatches } from "@rcm/shim/cgroup/oom-watch";
import { cgroupOfProcess, cgroupOfSpec, readCgroupMounts, type CgroupPaths } from "@rcm/shim/cgroup/paths";
import { pidsIn } from "@rcm/shim/cgroup/pids";
import { readStats, type Stats } from "@rcm/shim/cgroup/read-stats";
import { EventCounter } from "@rcm/shim/linux/event-counter";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { tryCommand } from "../cluster/run-command.ts";

const mounts = readCgroupMounts();
const LIMIT_BYTES = 16 * 1024 * 1024;
let count = 0;

describe("a cgroup of version 1", () => {
  let path = "";
  let paths: CgroupPaths;
  let children: ChildProcess[] = [];

  beforeEach(async () => {
    count += 1;
    path = `/rcm-cgroup-${String(process.pid)}-${String(count)}`;
    const found = cgroupOfSpec(path, mounts);
    if (found?.version !== 1) throw new TypeError("This machine has no cgroups of version 1");
    paths = found;
    for (const folder of found.folders.values()) await mkdir(`${folder}/nested`, { recursive: true });
    await writeFile(`${folderOf("memory")}/memory.limit_in_bytes`, String(LIMIT_BYTES));
    for (const folder of [folderOf("cpuset"), `${folderOf("cpuset")}/nested`]) await inheritCpus(folder);
  });
  afterEach(async () => {
    await killAll(paths, mounts, limit());
    children = [];
    await removeCgroups(path);
  });

  it("is found by a process in it and by a spec's path alike", async () => {
    const pid = await start("exec sleep 100");
    const found = cgroupOfProcess(pid, mounts);
    expect(foldersOf(found)).to.include.members(foldersOf(paths));
  });

  it("is not found by a process that is gone", async () => {
    const pid = await start("exit 0");
    await once(childOf(pid), "exit");
    expect(cgroupOfProcess(pid, mounts)).to.equal(undefined);
  });

  it("has statistics at the start", () => {
    const { pids, memory } = metricsOf(readStats(paths));
    expect(pids).to.deep.equal({ current: 0n, limit: 0n });
    expect(memory?.usage).to.include({ limit: BigInt(LIMIT_BYTES), failcnt: 0n });
    expect(memory?.hierarchicalMemoryLimit).to.equal(BigInt(LIMIT_BYTES));
  });

  it("has statistics that move", async () => {
    const { cpu } = metricsOf(readStats(paths));
    await start(
      "sleep 100 & x=$(head -c 4000000 /dev/zero | tr '\\000' x); i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done; wait",
      "done",
    );
    const after = metricsOf(readStats(paths));
    expect(after.pids?.current).to.equal(2n);
    expect(Number(after.cpu?.usage.total)).to.be.greaterThan(Number(cpu?.usage.total));
    expect(after.cpu?.usage.perCpu).to.have.lengthOf.at.least(1);
    // The kernel counts pages in batches, 64 of them for each processor: the last ones may be missing.
    expect(Number(after.memory?.totalRss)).to.be.within(3_000_000, LIMIT_BYTES);
    expect(Number(after.memory?.usage.usage)).to.be.within(4_000_000, LIMIT_BYTES);
    expect(Number(after.memory?.pgFault)).to.be.greaterThan(500);
  });

  it("names its processes and those of nested cgroups, and the init process in any case", async () => {
    const outer = await start("exec sleep 100");
    const inner = await start("exec sleep 100", undefined, "/nested");
    const expected = [outer, inner].toSorted((one, other) => one - other);
    expect(pidsIn(paths)).to.deep.equal(expected);
    expect(pidsIn(paths, 1)).to.deep.equal([1, ...expected]);
    expect(pidsIn(paths, outer)).to.deep.equal(expected);
  });

  it("tells of a process that the kernel killed for want of memory, once", async () => {
    const watches = new OomWatches((onSignal) => new EventCounter(onSignal));
    let calls = 0;
    const watch = watches.watch(paths, () => {
      calls += 1;
    });
    expect(watch.check()).to.equal(false);
    const pid = await start("x=x; while :; do x=$x$x; done");
    const [code, killed] = (await once(childOf(pid), "exit")) as [number | null, string | null];
    expect([code, killed]).to.deep.equal([null, "SIGKILL"]);
    expect(watch.check() || calls === 1).to.equal(true);
    expect([watch.check(), calls]).to.deep.equal([false, 1]);
    expect(metricsOf(readStats(paths)).memoryOomControl?.oomKill).to.equal(1n);
    watch.close();
    expect(watch.check()).to.equal(false);
  });

  it("tells of it by itself as well, soon", async () => {
    const watches = new OomWatches((onSignal) => new EventCounter(onSignal));
    const told = Promise.withResolvers<void>();
    const watch = watches.watch(paths, told.resolve);
    const pid = await start("x=x; while :; do x=$x$x; done");
    await once(childOf(pid), "exit");
    const keepAlive = setTimeout(told.reject, 10_000, new Error("nobody told")); // The watch's own timer does not.
    await told.promise;
    clearTimeout(keepAlive);
    watch.close();
  });

  const ends = [
    { what: "tells of it also", script: "x=x; while :; do x=$x$x; done", isTold: true },
    { what: "does not tell of it when another kill was the end", script: "kill -9 $$", isTold: false },
  ];
  for (const { what, script, isTold } of ends) {
    it(`${what} when the cgroup is gone before anybody looks, as systemd removes it`, async () => {
      let calls = 0;
      const watch = new OomWatches((onSignal) => new EventCounter(onSignal)).watch(paths, () => (calls += 1));
      const child = spawn("sh", ["-c", `${enter()} ${script}`], { stdio: "ignore" });
      await once(child, "exit");
      for (const folder of ["/nested", ""]) rmdirSync(`${folderOf("memory")}${folder}`);
      expect([await watch.checkAtEnd(true), calls]).to.deep.equal([isTold, isTold ? 1 : 0]);
      watch.close();
    });
  }

  it("loses all its processes by killAll(), also those that fork, ignore signals or are frozen", async () => {
    const forking = await start("while :; do sh -c 'trap : TERM; sleep 0.01' & sleep 0.005; done");
    const nested = await start("trap : TERM INT; while :; do sleep 1; done", undefined, "/nested");
    const exits = [forking, nested].map(async (pid) => once(childOf(pid), "exit"));
    await writeFile(`${folderOf("freezer")}/freezer.state`, "FROZEN");
    await killAll(paths, mounts, limit());
    expect(pidsIn(paths)).to.deep.equal([]);
    await Promise.all(exits);
    await killAll(paths, mounts, limit());
  });

  it("is never killed if it is the machine's, or the shim is in it", async () => {
    const root = cgroupOfSpec("/", mounts);
    const own = cgroupOfProcess(process.pid, mounts);
    for (const each of [root, own]) {
      if (each === undefined) throw new TypeError("There is no cgroup");
      const error = await killAll(each, mounts, limit()).catch((reason: unknown) => reason);
      expect(error).to.have.property("code", "NOT_A_CONTAINER");
    }
  });

  it("is gone once it has been removed", async () => {
    await removeCgroups(path);
    expect(readStats(paths)).to.deep.equal({ kind: "gone" });
    expect(pidsIn(paths)).to.deep.equal([]);
    await killAll(paths, mounts, limit());
    const watch = new OomWatches((onSignal) => new EventCounter(onSignal)).watch(paths, () =>
      expect.fail("there is nothing to tell"),
    );
    expect(watch.check()).to.equal(false);
    watch.close();
  });

  it("is read in a millisecond", () => {
    const rounds = 50;
    /** Of this thread: others use the machine as well. */
    function milliseconds(): number {
      const begun = process.threadCpuUsage();
      for (let round = 0; round < rounds; round += 1) readStats(paths);
      const { user, system } = process.threadCpuUsage(begun);
      return (user + system) / 1000 / rounds;
    }
    const all = Array.from({ length: 8 }, milliseconds); // The first ones are not compiled yet.
    expect(Math.min(...all)).to.be.lessThan(1);
  });

  /** Starts a shell in the cgroup, and waits until it has said `line`. */
  async function start(script: string, line?: string, below = ""): Promise<number> {
    const child = spawn("sh", ["-c", `${enter(below)} echo ready; ${script}`], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    children.push(child);
    let said = "";
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      said += String(chunk);
      if (said.includes(`${line ?? "ready"}\n`)) break;
    }
    return child.pid ?? 0;
  }

  /** The start of a script that is to run in the cgroup. */
  function enter(below = ""): string {
    const tasks = [...new Set(foldersOf(paths))].map((folder) => `echo $$ > ${folder}${below}/cgroup.procs;`);
    return tasks.join(" ");
  }

  function childOf(pid: number): ChildProcess {
    const child = children.find((each) => each.pid === pid);
    if (child === undefined) throw new TypeError(`There is no child ${String(pid)}`);
    return child;
  }

  function folderOf(controller: string): string {
    return (paths.version === 1 ? paths.folders.get(controller) : undefined) ?? "";
  }
});

/** Of a hybrid machine: its version 2 has no memory controller, but the processes and the processor's time. */
describe("a cgroup of version 2", () => {
  const path = `/rcm-cgroup2-${String(process.pid)}`;
  const paths: CgroupPaths = { version: 2, folder: `${mounts.unified?.folder ?? "/sys/fs/cgroup"}${path}` };

  beforeEach(async () => {
    await mkdir(join(paths.folder, "nested"), { recursive: true });
  });
  afterEach(async () => {
    await killAll(paths, mounts, limit());
    await removeCgroups(path);
  });

  it("has statistics, names its processes, and loses them by killAll()", async () => {
    const forks = "echo ready; while :; do sh -c 'trap : TERM; sleep 0.01' & sleep 0.005; done";
    const children = [paths.folder, `${paths.folder}/nested`].map((folder) =>
      spawn("sh", ["-c", `echo $$ > ${folder}/cgroup.procs; ${forks}`], { stdio: ["ignore", "pipe", "ignore"] }),
    );
    const exits = children.map(async (child) => once(child, "exit"));
    await Promise.all(children.map(async ({ stdout }) => once(stdout, "data")));
    expect(pidsIn(paths)).to.include.members(children.map(({ pid }) => pid));
    const stats = readStats(paths);
    expect(Number(stats.kind === "v2" && stats.metrics.cpu.usageUsec)).to.be.greaterThan(0);
    await killAll(paths, mounts, limit());
    expect(pidsIn(paths)).to.deep.equal([]);
    await Promise.all(exits);
  });
});

async function removeCgroups(path: string): Promise<void> {
  const argv = ["find", "/sys/fs/cgroup", "-depth", "-type", "d", "-path", `*${path}*`, "-exec", "rmdir", "{}", ";"];
  await tryCommand(argv, { timeoutMs: 10_000 }, limit());
}

/** A new cpuset is empty, and takes no process. */
async function inheritCpus(folder: string): Promise<void> {
  for (const name of ["cpuset.cpus", "cpuset.mems"]) {
    await writeFile(join(folder, name), await readFile(join(folder, "..", name)));
  }
}

function foldersOf(paths: CgroupPaths | undefined): readonly string[] {
  return paths?.version === 1 ? [...paths.folders.values()] : [];
}

function metricsOf(stats: Stats): Extract<Stats, { readonly kind: "v1" }>["metrics"] {
  if (stats.kind !== "v1") throw new TypeError(`Statistics of kind ${stats.kind}`);
  return stats.metrics;
}

/** For what must not hang. Each has its own: a whole suite takes longer than any of them. */
function limit(): AbortSignal {
  return AbortSignal.timeout(120_000);
}
