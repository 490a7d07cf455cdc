import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { CgroupPaths } from "./paths.ts";
import { pidsIn } from "./pids.ts";
import { readStats } from "./read-stats.ts";

const MAX = 18_446_744_073_709_551_615n;

let folder = "";

function useHooks(): void {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-cgroup-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });
}

describe("readStats() of version 2", () => {
  useHooks();

  it("reads all that the kernel says", async () => {
    await write(V2_FILES);
    const stats = readStats({ version: 2, folder });
    expect(stats.kind === "v2" && stats.metrics).to.deep.include({
      pids: { current: 7n, limit: MAX },
      rdma: {
        current: [{ device: "mlx4_0", hcaHandles: 2, hcaObjects: 2000 }],
        limit: [{ device: "mlx4_0", hcaHandles: 3, hcaObjects: 4_294_967_295 }],
      },
      hugetlb: [{ current: 4_194_304n, max: MAX, failcnt: 3n, pagesize: "2MB" }],
      memoryEvents: { low: 1n, high: 2n, max: 3n, oom: 4n, oomKill: 5n, oomGroupKill: 6n },
    });
    expect(stats.kind === "v2" && stats.metrics.cpu).to.deep.equal({
      usageUsec: 1_000_001n,
      userUsec: 600_000n,
      systemUsec: 400_001n,
      nrPeriods: 10n,
      nrThrottled: 2n,
      throttledUsec: 5000n,
      nrBursts: 1n,
      burstUsec: 9n,
      psi: {
        some: { avg10: 0.5, avg60: 0.12, avg300: 0.22, total: 58_761_459n },
        full: { avg10: 0, avg60: 0, avg300: 0, total: 1n },
      },
    });
    expect(stats.kind === "v2" && stats.metrics.memory).to.include({
      anon: 1_048_576n,
      inactiveFile: 8192n,
      pgmajfault: 12n,
      workingsetRefault: 7n,
      workingsetActivate: 30n,
      workingsetNodereclaim: 0n,
      usage: 2_097_152n,
      usageLimit: 67_108_864n,
      swapUsage: 0n,
      swapLimit: MAX,
      maxUsage: 3_000_000n,
      swapMaxUsage: 0n,
      thpFaultAlloc: 0n,
    });
    expect(stats.kind === "v2" && stats.metrics.io).to.deep.equal({
      usage: [
        { major: 8n, minor: 16n, rbytes: 1_459_200n, wbytes: 314_773_504n, rios: 192n, wios: 353n },
        { major: 253n, minor: 0n, rbytes: 0n, wbytes: 4096n, rios: 0n, wios: 1n },
      ],
    });
  });

  it("takes what is missing or garbage for 0", async () => {
    await write({
      "memory.current": "many",
      "cpu.stat": "usage_usec\nuser_usec -1\n\0",
      "io.stat": "x\n",
      "pids.max": "1e3",
    });
    const stats = readStats({ version: 2, folder });
    expect(stats.kind === "v2" && stats.metrics.memory)
      .to.include({ usage: 0n, usageLimit: 0n })
      .and.not.to.have.property("psi");
    expect(stats.kind === "v2" && stats.metrics).to.deep.include({
      pids: { current: 0n, limit: 0n },
      io: { usage: [] },
    });
    expect(stats.kind === "v2" && stats.metrics.cpu.usageUsec).to.equal(0n);
  });

  it("takes of a file that is too long the lines that it can", async () => {
    const lines = Array.from(
      { length: 9000 },
      (_, index) => `8:${String(index)} rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0`,
    );
    await write({ "io.stat": lines.join("\n") });
    const stats = readStats({ version: 2, folder });
    const usage = stats.kind === "v2" ? stats.metrics.io.usage : [];
    expect(usage.length).to.be.within(1000, 2000);
    expect(usage.at(-1)).to.include({ rbytes: 1n, wios: 4n });
  });

  it("says that the cgroup is gone", () => {
    expect(readStats({ version: 2, folder: join(folder, "none") })).to.deep.equal({ kind: "gone" });
  });
});

describe("readStats() of version 1", () => {
  useHooks();

  it("reads all that the kernel says", async () => {
    await write(V1_FILES);
    const stats = readStats(v1(["memory", "cpu", "cpuacct", "pids", "blkio", "hugetlb"]));
    const metrics = stats.kind === "v1" ? stats.metrics : undefined;
    expect(metrics).to.deep.include({
      pids: { current: 3n, limit: 0n },
      cpu: {
        usage: { total: 123_456_789n, kernel: 20_000_000n, user: 110_000_000n, perCpu: [100_000_000n, 23_456_789n] },
        throttling: { periods: 4n, throttledPeriods: 1n, throttledTime: 999n },
      },
      memoryOomControl: { oomKillDisable: 0n, underOom: 0n, oomKill: 2n },
      hugetlb: [{ usage: 2_097_152n, max: 4_194_304n, failcnt: 1n, pagesize: "2MB" }],
    });
    expect(metrics?.memory).to.deep.include({
      cache: 4096n,
      rss: 8192n,
      pgPgIn: 11n,
      totalInactiveFile: 512n,
      hierarchicalMemoryLimit: 67_108_864n,
      usage: { limit: 67_108_864n, usage: 12_288n, max: 20_480n, failcnt: 5n },
      swap: { limit: 9_223_372_036_854_771_712n, usage: 0n, max: 0n, failcnt: 0n },
      kernelTcp: { limit: 0n, usage: 0n, max: 0n, failcnt: 0n },
    });
    expect(metrics?.blkio?.ioServiceBytesRecursive).to.deep.equal([
      { op: "Read", major: 8n, minor: 0n, value: 4096n },
      { op: "Write", major: 8n, minor: 0n, value: 0n },
    ]);
    expect(metrics?.blkio?.sectorsRecursive).to.deep.equal([{ op: "", major: 8n, minor: 0n, value: 8n }]);
  });

  it("leaves out what has no controller", async () => {
    await write({ "pids/pids.current": "1", "pids/pids.max": "100" });
    expect(readStats(v1(["pids"]))).to.deep.equal({
      kind: "v1",
      metrics: { hugetlb: [], pids: { current: 1n, limit: 100n } },
    });
  });

  it("has the half of the processor's that is there", async () => {
    await write({ "cpu/cpu.stat": "nr_periods 1" });
    const stats = readStats(v1(["cpu"]));
    expect(stats.kind === "v1" && stats.metrics.cpu).to.deep.equal({
      usage: { total: 0n, kernel: 0n, user: 0n, perCpu: [] },
      throttling: { periods: 1n, throttledPeriods: 0n, throttledTime: 0n },
    });
  });

  it("reads nothing but zeros from what is gone in part, and says when all is gone", async () => {
    await write({ "pids/pids.current": "1" });
    const stats = readStats(v1(["pids", "memory", "hugetlb"]));
    expect(stats.kind === "v1" && stats.metrics.memory?.usage).to.deep.equal({
      limit: 0n,
      usage: 0n,
      max: 0n,
      failcnt: 0n,
    });
    expect(readStats(v1(["memory", "cpu"]))).to.deep.equal({ kind: "gone" });
  });
});

describe("pidsIn()", () => {
  useHooks();

  it("names each process once, those of nested cgroups and the init process among them", async () => {
    await write({
      "cgroup.procs": "30\n4\n0\n",
      "a/cgroup.procs": "5\n",
      "a/b/cgroup.procs": "4\n100\n",
      "c/other": "",
    });
    expect(pidsIn({ version: 2, folder }, 7)).to.deep.equal([4, 5, 7, 30, 100]);
  });

  it("looks at two hierarchies of version 1", async () => {
    await write({ "cpu/cgroup.procs": "1\n", "pids/cgroup.procs": "2\n", "memory/cgroup.procs": "3\n" });
    expect(pidsIn(v1(["cpu", "memory", "pids"]))).to.deep.equal([2, 3]);
    expect(pidsIn(v1(["cpu"]))).to.deep.equal([1]);
    await write({ "blkio/cgroup.procs": "4\n" });
    expect(pidsIn(v1(["blkio"]))).to.deep.equal([4]);
  });

  it("names the init process of a cgroup that is gone", () => {
    expect(pidsIn({ version: 2, folder: join(folder, "none") }, 7)).to.deep.equal([7]);
    expect(pidsIn({ version: 2, folder: join(folder, "none") })).to.deep.equal([]);
  });

  it("stops at 16 levels", async () => {
    const deep = Array.from({ length: 20 }, () => "x").join("/");
    await write({ [`${deep}/cgroup.procs`]: "1\n" });
    expect(pidsIn({ version: 2, folder })).to.deep.equal([]);
  });
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

function v1(controllers: readonly string[]): CgroupPaths {
  return { version: 1, folders: new Map(controllers.map((name) => [name, join(folder, name)])) };
}

/** As https://docs.kernel.org/admin-guide/cgroup-v2.html and https://docs.kernel.org/accounting/psi.html describe them. */
const V2_FILES = {
  "pids.current": "7\n",
  "pids.max": "max\n",
  "cpu.stat":
    "usage_usec 1000001\nuser_usec 600000\nsystem_usec 400001\ncore_sched.force_idle_usec 0\nnr_periods 10\nnr_throttled 2\nthrottled_usec 5000\nnr_bursts 1\nburst_usec 9\n",
  "cpu.pressure":
    "some avg10=0.50 avg60=0.12 avg300=0.22 total=58761459\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
  "memory.stat":
    "anon 1048576\nfile 16384\ninactive_file 8192\npgfault 500\npgmajfault 12\nworkingset_refault_anon 3\nworkingset_refault_file 4\nworkingset_activate 30\n",
  "memory.current": "2097152\n",
  "memory.max": "67108864\n",
  "memory.swap.current": "0\n",
  "memory.swap.max": "max\n",
  "memory.peak": "3000000\n",
  "memory.events": "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n",
  "rdma.current": "mlx4_0 hca_handle=2 hca_object=2000\n",
  "rdma.max": "mlx4_0 hca_handle=3 hca_object=max\n",
  "io.stat": "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n253:0 wbytes=4096 wios=1\n8:0\n",
  "hugetlb.2MB.current": "4194304\n",
  "hugetlb.2MB.max": "max\n",
  "hugetlb.2MB.events": "max 3\n",
};

/** As https://docs.kernel.org/admin-guide/cgroup-v1/ describes them. */
const V1_FILES = {
  "pids/pids.current": "3\n",
  "pids/pids.max": "max\n",
  "cpuacct/cpuacct.usage": "123456789\n",
  "cpuacct/cpuacct.stat": "user 11\nsystem 2\n",
  "cpuacct/cpuacct.usage_percpu": "100000000 23456789 \n",
  "cpu/cpu.stat": "nr_periods 4\nnr_throttled 1\nthrottled_time 999\n",
  "memory/memory.stat":
    "cache 4096\nrss 8192\npgpgin 11\nhierarchical_memory_limit 67108864\ntotal_inactive_file 512\n",
  "memory/memory.limit_in_bytes": "67108864\n",
  "memory/memory.usage_in_bytes": "12288\n",
  "memory/memory.max_usage_in_bytes": "20480\n",
  "memory/memory.failcnt": "5\n",
  "memory/memory.memsw.limit_in_bytes": "9223372036854771712\n",
  "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
  "blkio/blkio.throttle.io_service_bytes_recursive": "8:0 Read 4096\n8:0 Write 0\nTotal 4096\n",
  "blkio/blkio.bfq.sectors_recursive": "8:0 8\n",
  "hugetlb/hugetlb.2MB.usage_in_bytes": "2097152\n",
  "hugetlb/hugetlb.2MB.max_usage_in_bytes": "4194304\n",
  "hugetlb/hugetlb.2MB.failcnt": "1\n",
};
