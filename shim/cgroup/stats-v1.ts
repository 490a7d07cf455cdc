import { pageSizesIn } from "./page-sizes.ts";
import { parseCount, parsePairs, pick } from "./parse-values.ts";
import type { SmallFiles } from "./read-file.ts";

/** Ticks of `cpuacct.stat`: 100 a second on every Linux. */
const NS_PER_TICK = 10_000_000n;
const MAX_ENTRIES = 4096;

const LOCAL_MEMORY = {
  cache: "cache",
  rss: "rss",
  rssHuge: "rss_huge",
  mappedFile: "mapped_file",
  dirty: "dirty",
  writeback: "writeback",
  pgPgIn: "pgpgin",
  pgPgOut: "pgpgout",
  pgFault: "pgfault",
  pgMajFault: "pgmajfault",
  inactiveAnon: "inactive_anon",
  activeAnon: "active_anon",
  inactiveFile: "inactive_file",
  activeFile: "active_file",
  unevictable: "unevictable",
  hierarchicalMemoryLimit: "hierarchical_memory_limit",
  hierarchicalSwapLimit: "hierarchical_memsw_limit",
} as const;
const TOTAL_MEMORY = {
  totalCache: "total_cache",
  totalRss: "total_rss",
  totalRssHuge: "total_rss_huge",
  totalMappedFile: "total_mapped_file",
  totalDirty: "total_dirty",
  totalWriteback: "total_writeback",
  totalPgPgIn: "total_pgpgin",
  totalPgPgOut: "total_pgpgout",
  totalPgFault: "total_pgfault",
  totalPgMajFault: "total_pgmajfault",
  totalInactiveAnon: "total_inactive_anon",
  totalActiveAnon: "total_active_anon",
  totalInactiveFile: "total_inactive_file",
  totalActiveFile: "total_active_file",
  totalUnevictable: "total_unevictable",
} as const;
const THROTTLING = {
  periods: "nr_periods",
  throttledPeriods: "nr_throttled",
  throttledTime: "throttled_time",
} as const;
const MEMORY_FILES = ["limit_in_bytes", "usage_in_bytes", "max_usage_in_bytes", "failcnt"];
const HUGETLB_FILES = ["usage_in_bytes", "max_usage_in_bytes", "failcnt"];
/** By the scheduler in use: BFQ's, CFQ's (before Linux 5.0), or none, when only the first two are known. */
const BLKIO = {
  ioServiceBytesRecursive: [
    "bfq.io_service_bytes_recursive",
    "io_service_bytes_recursive",
    "throttle.io_service_bytes_recursive",
  ],
  ioServicedRecursive: ["bfq.io_serviced_recursive", "io_serviced_recursive", "throttle.io_serviced_recursive"],
  ioQueuedRecursive: ["bfq.io_queued_recursive", "io_queued_recursive"],
  ioServiceTimeRecursive: ["bfq.io_service_time_recursive", "io_service_time_recursive"],
  ioWaitTimeRecursive: ["bfq.io_wait_time_recursive", "io_wait_time_recursive"],
  ioMergedRecursive: ["bfq.io_merged_recursive", "io_merged_recursive"],
  ioTimeRecursive: ["bfq.time_recursive", "time_recursive"],
  sectorsRecursive: ["bfq.sectors_recursive", "sectors_recursive"],
} as const;
const OOM_CONTROL = { oomKillDisable: "oom_kill_disable", underOom: "under_oom", oomKill: "oom_kill" } as const;

type Counts<Field extends string> = Readonly<Record<Field, bigint>>;
type MemoryEntry = Counts<"limit" | "usage" | "max" | "failcnt">;

interface Memory extends Counts<keyof typeof LOCAL_MEMORY | keyof typeof TOTAL_MEMORY> {
  readonly usage: MemoryEntry;
  /** Memory and swap together. */
  readonly swap: MemoryEntry;
  readonly kernel: MemoryEntry;
  readonly kernelTcp: MemoryEntry;
}

interface Cpu {
  /** `total` and `perCpu` are exact, the others in steps of 10 ms. */
  readonly usage: Counts<"total" | "kernel" | "user"> & { readonly perCpu: readonly bigint[] };
  readonly throttling: Counts<keyof typeof THROTTLING>;
}

interface BlkioEntry extends Counts<"major" | "minor" | "value"> {
  readonly op: string;
}

/**
 * The message `io.containerd.cgroups.v1.Metrics`: bytes, nanoseconds, counts. What a controller does not say is 0; of a
 * controller that is not there the part is absent.
 */
export interface MetricsV1 {
  readonly hugetlb: readonly (Counts<"usage" | "max" | "failcnt"> & { readonly pagesize: string })[];
  /** `limit` 0: none. So says runc's shim, for version 1 only. */
  readonly pids?: Counts<"current" | "limit">;
  readonly cpu?: Cpu;
  readonly memory?: Memory;
  readonly blkio?: Readonly<Record<keyof typeof BLKIO, readonly BlkioEntry[]>>;
  readonly memoryOomControl?: Counts<keyof typeof OOM_CONTROL>;
}

/** @param folders of the cgroup, by controller */
export function readV1(folders: ReadonlyMap<string, string>, files: SmallFiles): MetricsV1 {
  const [memory, pids, blkio, hugetlb] = ["memory", "pids", "blkio", "hugetlb"].map((name) => folders.get(name));
  const cpu = cpuOf(folders, files);
  return {
    hugetlb: hugetlb === undefined ? [] : hugetlbOf(hugetlb, files),
    ...(pids === undefined ? {} : { pids: pidsOf(pids, files) }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory: memoryOf(memory, files), memoryOomControl: oomOf(memory, files) }),
    ...(blkio === undefined ? {} : { blkio: blkioOf(blkio, files) }),
  };
}

function oomOf(folder: string, files: SmallFiles): Counts<keyof typeof OOM_CONTROL> {
  return pick(OOM_CONTROL, parsePairs(files.text(`${folder}/memory.oom_control`)));
}

function pidsOf(folder: string, files: SmallFiles): Counts<"current" | "limit"> {
  const limit = files.text(`${folder}/pids.max`);
  return {
    current: parseCount(files.text(`${folder}/pids.current`)) ?? 0n,
    limit: limit?.trim() === "max" ? 0n : (parseCount(limit) ?? 0n),
  };
}

function cpuOf(folders: ReadonlyMap<string, string>, files: SmallFiles): Cpu | undefined {
  const [accounting, control] = [folders.get("cpuacct"), folders.get("cpu")];
  if (accounting === undefined && control === undefined) return undefined;
  function read(folder: string | undefined, name: string): string | undefined {
    return folder === undefined ? undefined : files.text(`${folder}/${name}`);
  }
  const split = parsePairs(read(accounting, "cpuacct.stat"));
  const perCpu = read(accounting, "cpuacct.usage_percpu") ?? "";
  return {
    usage: {
      total: parseCount(read(accounting, "cpuacct.usage")) ?? 0n,
      kernel: (split.get("system") ?? 0n) * NS_PER_TICK,
      user: (split.get("user") ?? 0n) * NS_PER_TICK,
      perCpu: perCpu.split(" ").flatMap((text) => parseCount(text) ?? []),
    },
    throttling: pick(THROTTLING, parsePairs(read(control, "cpu.stat"))),
  };
}

function memoryOf(folder: string, files: SmallFiles): Memory {
  const pairs = parsePairs(files.text(`${folder}/memory.stat`));
  function entry(prefix: string): MemoryEntry {
    const [limit = 0n, usage = 0n, max = 0n, failcnt = 0n] = MEMORY_FILES.map((name) =>
      parseCount(files.text(`${folder}/${prefix}.${name}`)),
    );
    return { limit, usage, max, failcnt };
  }
  return {
    ...pick(LOCAL_MEMORY, pairs),
    ...pick(TOTAL_MEMORY, pairs),
    usage: entry("memory"),
    swap: entry("memory.memsw"),
    kernel: entry("memory.kmem"),
    kernelTcp: entry("memory.kmem.tcp"),
  };
}

function blkioOf(folder: string, files: SmallFiles): NonNullable<MetricsV1["blkio"]> {
  function entries(names: readonly string[]): readonly BlkioEntry[] {
    const text = names.map((name) => files.text(`${folder}/blkio.${name}`)).find((each) => each !== undefined);
    return (text ?? "").split("\n", MAX_ENTRIES).flatMap(parseBlkioLine);
  }
  return {
    ioServiceBytesRecursive: entries(BLKIO.ioServiceBytesRecursive),
    ioServicedRecursive: entries(BLKIO.ioServicedRecursive),
    ioQueuedRecursive: entries(BLKIO.ioQueuedRecursive),
    ioServiceTimeRecursive: entries(BLKIO.ioServiceTimeRecursive),
    ioWaitTimeRecursive: entries(BLKIO.ioWaitTimeRecursive),
    ioMergedRecursive: entries(BLKIO.ioMergedRecursive),
    ioTimeRecursive: entries(BLKIO.ioTimeRecursive),
    sectorsRecursive: entries(BLKIO.sectorsRecursive),
  };
}

/** `8:0 Read 4096`, or `8:0 4096`. The line `Total` has no device and is left out. */
function parseBlkioLine(line: string): readonly BlkioEntry[] {
  const [, major = "", minor = "", op = "", value = ""] = /^(\d+):(\d+)(?: ([A-Za-z]+))? (\d+)$/.exec(line) ?? [];
  return major === "" ? [] : [{ op, major: BigInt(major), minor: BigInt(minor), value: BigInt(value) }];
}

function hugetlbOf(folder: string, files: SmallFiles): MetricsV1["hugetlb"] {
  return pageSizesIn(folder, /^hugetlb\.(\w+)\.usage_in_bytes$/).map((pagesize) => {
    const [usage = 0n, max = 0n, failcnt = 0n] = HUGETLB_FILES.map((name) =>
      parseCount(files.text(`${folder}/hugetlb.${pagesize}.${name}`)),
    );
    return { usage, max, failcnt, pagesize };
  });
}
