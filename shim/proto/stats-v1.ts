/**
 * Statistics of a container in cgroups of version 1: what `StatsResponse` carries.
 *
 * @see {@link https://github.com/containerd/cgroups/blob/v3.1.0/cgroup1/stats/metrics.proto}
 */
import { many, message, type MessageOf, one } from "./codec.ts";
import { NetworkStat, PidsStat, RdmaStat } from "./stats-shared.ts";

/** Type URL of {@link MetricsV1}. */
export const METRICS_V1_TYPE = "io.containerd.cgroups.v1.Metrics";

const HugetlbStat = message("HugetlbStat", {
  usage: one(1, "uint64"),
  max: one(2, "uint64"),
  failcnt: one(3, "uint64"),
  pagesize: one(4, "string"),
});

const CPUUsage = message("CPUUsage", {
  total: one(1, "uint64"),
  kernel: one(2, "uint64"),
  user: one(3, "uint64"),
  perCpu: many(4, "uint64"),
});

const Throttle = message("Throttle", {
  periods: one(1, "uint64"),
  throttledPeriods: one(2, "uint64"),
  throttledTime: one(3, "uint64"),
});

const CPUStat = message("CPUStat", {
  usage: one(1, CPUUsage),
  throttling: one(2, Throttle),
});

const MemoryEntry = message("MemoryEntry", {
  limit: one(1, "uint64"),
  usage: one(2, "uint64"),
  max: one(3, "uint64"),
  failcnt: one(4, "uint64"),
});

const MemoryStat = message("MemoryStat", {
  cache: one(1, "uint64"),
  rss: one(2, "uint64"),
  rssHuge: one(3, "uint64"),
  mappedFile: one(4, "uint64"),
  dirty: one(5, "uint64"),
  writeback: one(6, "uint64"),
  pgPgIn: one(7, "uint64"),
  pgPgOut: one(8, "uint64"),
  pgFault: one(9, "uint64"),
  pgMajFault: one(10, "uint64"),
  inactiveAnon: one(11, "uint64"),
  activeAnon: one(12, "uint64"),
  inactiveFile: one(13, "uint64"),
  activeFile: one(14, "uint64"),
  unevictable: one(15, "uint64"),
  hierarchicalMemoryLimit: one(16, "uint64"),
  hierarchicalSwapLimit: one(17, "uint64"),
  totalCache: one(18, "uint64"),
  totalRss: one(19, "uint64"),
  totalRssHuge: one(20, "uint64"),
  totalMappedFile: one(21, "uint64"),
  totalDirty: one(22, "uint64"),
  totalWriteback: one(23, "uint64"),
  totalPgPgIn: one(24, "uint64"),
  totalPgPgOut: one(25, "uint64"),
  totalPgFault: one(26, "uint64"),
  totalPgMajFault: one(27, "uint64"),
  totalInactiveAnon: one(28, "uint64"),
  totalActiveAnon: one(29, "uint64"),
  totalInactiveFile: one(30, "uint64"),
  totalActiveFile: one(31, "uint64"),
  totalUnevictable: one(32, "uint64"),
  usage: one(33, MemoryEntry),
  swap: one(34, MemoryEntry),
  kernel: one(35, MemoryEntry),
  kernelTcp: one(36, MemoryEntry),
});

const MemoryOomControl = message("MemoryOomControl", {
  oomKillDisable: one(1, "uint64"),
  underOom: one(2, "uint64"),
  oomKill: one(3, "uint64"),
});

const BlkIOEntry = message("BlkIOEntry", {
  op: one(1, "string"),
  device: one(2, "string"),
  major: one(3, "uint64"),
  minor: one(4, "uint64"),
  value: one(5, "uint64"),
});

const BlkIOStat = message("BlkIOStat", {
  ioServiceBytesRecursive: many(1, BlkIOEntry),
  ioServicedRecursive: many(2, BlkIOEntry),
  ioQueuedRecursive: many(3, BlkIOEntry),
  ioServiceTimeRecursive: many(4, BlkIOEntry),
  ioWaitTimeRecursive: many(5, BlkIOEntry),
  ioMergedRecursive: many(6, BlkIOEntry),
  ioTimeRecursive: many(7, BlkIOEntry),
  sectorsRecursive: many(8, BlkIOEntry),
});

const CgroupStats = message("CgroupStats", {
  nrSleeping: one(1, "uint64"),
  nrRunning: one(2, "uint64"),
  nrStopped: one(3, "uint64"),
  nrUninterruptible: one(4, "uint64"),
  nrIoWait: one(5, "uint64"),
});

export const MetricsV1 = message("MetricsV1", {
  hugetlb: many(1, HugetlbStat),
  pids: one(2, PidsStat),
  cpu: one(3, CPUStat),
  memory: one(4, MemoryStat),
  blkio: one(5, BlkIOStat),
  rdma: one(6, RdmaStat),
  network: many(7, NetworkStat),
  cgroupStats: one(8, CgroupStats),
  memoryOomControl: one(9, MemoryOomControl),
});
export type MetricsV1 = MessageOf<typeof MetricsV1>;
