/**
 * Statistics of a container in cgroups of version 2: what `StatsResponse` carries.
 *
 * @see {@link https://github.com/containerd/cgroups/blob/v3.1.0/cgroup2/stats/metrics.proto}
 */
import { many, message, type MessageOf, one } from "./codec.ts";
import { NetworkStat, PidsStat, RdmaStat } from "./stats-shared.ts";

/** Type URL of {@link MetricsV2}. */
export const METRICS_V2_TYPE = "io.containerd.cgroups.v2.Metrics";

const PSIData = message("PSIData", {
  avg10: one(1, "double"),
  avg60: one(2, "double"),
  avg300: one(3, "double"),
  total: one(4, "uint64"),
});

const PSIStats = message("PSIStats", {
  some: one(1, PSIData),
  full: one(2, PSIData),
});

const CPUStat = message("CPUStat", {
  usageUsec: one(1, "uint64"),
  userUsec: one(2, "uint64"),
  systemUsec: one(3, "uint64"),
  nrPeriods: one(4, "uint64"),
  nrThrottled: one(5, "uint64"),
  throttledUsec: one(6, "uint64"),
  psi: one(7, PSIStats),
  nrBursts: one(8, "uint64"),
  burstUsec: one(9, "uint64"),
});

const MemoryStat = message("MemoryStat", {
  anon: one(1, "uint64"),
  file: one(2, "uint64"),
  kernelStack: one(3, "uint64"),
  slab: one(4, "uint64"),
  sock: one(5, "uint64"),
  shmem: one(6, "uint64"),
  fileMapped: one(7, "uint64"),
  fileDirty: one(8, "uint64"),
  fileWriteback: one(9, "uint64"),
  anonThp: one(10, "uint64"),
  inactiveAnon: one(11, "uint64"),
  activeAnon: one(12, "uint64"),
  inactiveFile: one(13, "uint64"),
  activeFile: one(14, "uint64"),
  unevictable: one(15, "uint64"),
  slabReclaimable: one(16, "uint64"),
  slabUnreclaimable: one(17, "uint64"),
  pgfault: one(18, "uint64"),
  pgmajfault: one(19, "uint64"),
  workingsetRefault: one(20, "uint64"),
  workingsetActivate: one(21, "uint64"),
  workingsetNodereclaim: one(22, "uint64"),
  pgrefill: one(23, "uint64"),
  pgscan: one(24, "uint64"),
  pgsteal: one(25, "uint64"),
  pgactivate: one(26, "uint64"),
  pgdeactivate: one(27, "uint64"),
  pglazyfree: one(28, "uint64"),
  pglazyfreed: one(29, "uint64"),
  thpFaultAlloc: one(30, "uint64"),
  thpCollapseAlloc: one(31, "uint64"),
  usage: one(32, "uint64"),
  usageLimit: one(33, "uint64"),
  swapUsage: one(34, "uint64"),
  swapLimit: one(35, "uint64"),
  maxUsage: one(36, "uint64"),
  swapMaxUsage: one(37, "uint64"),
  psi: one(38, PSIStats),
});

const MemoryEvents = message("MemoryEvents", {
  low: one(1, "uint64"),
  high: one(2, "uint64"),
  max: one(3, "uint64"),
  oom: one(4, "uint64"),
  oomKill: one(5, "uint64"),
  oomGroupKill: one(6, "uint64"),
});

const IOEntry = message("IOEntry", {
  major: one(1, "uint64"),
  minor: one(2, "uint64"),
  rbytes: one(3, "uint64"),
  wbytes: one(4, "uint64"),
  rios: one(5, "uint64"),
  wios: one(6, "uint64"),
});

const IOStat = message("IOStat", {
  usage: many(1, IOEntry),
  psi: one(2, PSIStats),
});

const HugeTlbStat = message("HugeTlbStat", {
  current: one(1, "uint64"),
  max: one(2, "uint64"),
  pagesize: one(3, "string"),
  failcnt: one(4, "uint64"),
});

export const MetricsV2 = message("MetricsV2", {
  pids: one(1, PidsStat),
  cpu: one(2, CPUStat),
  memory: one(4, MemoryStat),
  rdma: one(5, RdmaStat),
  io: one(6, IOStat),
  hugetlb: many(7, HugeTlbStat),
  memoryEvents: one(8, MemoryEvents),
  network: many(9, NetworkStat),
});
export type MetricsV2 = MessageOf<typeof MetricsV2>;
