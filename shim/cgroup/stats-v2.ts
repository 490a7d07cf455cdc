import { pageSizesIn } from "./page-sizes.ts";
import { parseCount, parsePairs, pick } from "./parse-values.ts";
import type { SmallFiles } from "./read-file.ts";

const MAX_DEVICES = 4096;
const NO_LIMIT_32 = 0xffff_ffff;

const CPU = {
  usageUsec: "usage_usec",
  userUsec: "user_usec",
  systemUsec: "system_usec",
  nrPeriods: "nr_periods",
  nrThrottled: "nr_throttled",
  throttledUsec: "throttled_usec",
  nrBursts: "nr_bursts",
  burstUsec: "burst_usec",
} as const;
const MEMORY = {
  anon: "anon",
  file: "file",
  kernelStack: "kernel_stack",
  slab: "slab",
  sock: "sock",
  shmem: "shmem",
  fileMapped: "file_mapped",
  fileDirty: "file_dirty",
  fileWriteback: "file_writeback",
  anonThp: "anon_thp",
  inactiveAnon: "inactive_anon",
  activeAnon: "active_anon",
  inactiveFile: "inactive_file",
  activeFile: "active_file",
  unevictable: "unevictable",
  slabReclaimable: "slab_reclaimable",
  slabUnreclaimable: "slab_unreclaimable",
  pgfault: "pgfault",
  pgmajfault: "pgmajfault",
  pgrefill: "pgrefill",
  pgscan: "pgscan",
  pgsteal: "pgsteal",
  pgactivate: "pgactivate",
  pgdeactivate: "pgdeactivate",
  pglazyfree: "pglazyfree",
  pglazyfreed: "pglazyfreed",
  thpFaultAlloc: "thp_fault_alloc",
  thpCollapseAlloc: "thp_collapse_alloc",
} as const;
const EVENTS = {
  low: "low",
  high: "high",
  max: "max",
  oom: "oom",
  oomKill: "oom_kill",
  oomGroupKill: "oom_group_kill",
} as const;

type Counts<Field extends string> = Readonly<Record<Field, bigint>>;

interface Pressure extends Counts<"total"> {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
}

/** How long some, or all, processes waited. Absent where the kernel does not measure it. */
interface Psi {
  readonly psi?: { readonly some?: Pressure; readonly full?: Pressure };
}

type Workingset = "workingsetRefault" | "workingsetActivate" | "workingsetNodereclaim";
type Usage = "usage" | "usageLimit" | "swapUsage" | "swapLimit" | "maxUsage" | "swapMaxUsage";

interface Memory extends Counts<keyof typeof MEMORY | Workingset | Usage>, Psi {}

interface RdmaEntry {
  readonly device: string;
  readonly hcaHandles: number;
  readonly hcaObjects: number;
}

/**
 * The message `io.containerd.cgroups.v2.Metrics`: bytes, microseconds, counts. What the kernel does not say is 0 or
 * absent; "max" is 2^64-1.
 */
export interface MetricsV2 {
  readonly pids: Counts<"current" | "limit">;
  readonly cpu: Counts<keyof typeof CPU> & Psi;
  readonly memory: Memory;
  readonly rdma: { readonly current: readonly RdmaEntry[]; readonly limit: readonly RdmaEntry[] };
  readonly io: Psi & { readonly usage: readonly Counts<"major" | "minor" | "rbytes" | "wbytes" | "rios" | "wios">[] };
  readonly hugetlb: readonly (Counts<"current" | "max" | "failcnt"> & { readonly pagesize: string })[];
  readonly memoryEvents: Counts<keyof typeof EVENTS>;
}

/** @see {@link https://docs.kernel.org/admin-guide/cgroup-v2.html} */
export function readV2(folder: string, files: SmallFiles): MetricsV2 {
  function text(name: string): string | undefined {
    return files.text(`${folder}/${name}`);
  }
  function count(name: string): bigint {
    return parseCount(text(name)) ?? 0n;
  }
  return {
    pids: { current: count("pids.current"), limit: count("pids.max") },
    cpu: { ...pick(CPU, parsePairs(text("cpu.stat"))), ...psiOf(text("cpu.pressure")) },
    memory: {
      ...memoryOf(parsePairs(text("memory.stat"))),
      usage: count("memory.current"),
      usageLimit: count("memory.max"),
      swapUsage: count("memory.swap.current"),
      swapLimit: count("memory.swap.max"),
      maxUsage: count("memory.peak"),
      swapMaxUsage: count("memory.swap.peak"),
      ...psiOf(text("memory.pressure")),
    },
    rdma: { current: rdmaOf(text("rdma.current")), limit: rdmaOf(text("rdma.max")) },
    io: { usage: ioOf(text("io.stat")), ...psiOf(text("io.pressure")) },
    hugetlb: pageSizesIn(folder, /^hugetlb\.(\w+)\.current$/).map((pagesize) => ({
      current: count(`hugetlb.${pagesize}.current`),
      max: count(`hugetlb.${pagesize}.max`),
      failcnt: parsePairs(text(`hugetlb.${pagesize}.events`)).get("max") ?? 0n,
      pagesize,
    })),
    memoryEvents: pick(EVENTS, parsePairs(text("memory.events"))),
  };
}

function memoryOf(pairs: ReadonlyMap<string, bigint>): Counts<keyof typeof MEMORY | Workingset> {
  /** Since Linux 5.9 told apart by kind of memory. */
  function sum(name: string): bigint {
    return pairs.get(name) ?? (pairs.get(`${name}_anon`) ?? 0n) + (pairs.get(`${name}_file`) ?? 0n);
  }
  return {
    ...pick(MEMORY, pairs),
    workingsetRefault: sum("workingset_refault"),
    workingsetActivate: sum("workingset_activate"),
    workingsetNodereclaim: pairs.get("workingset_nodereclaim") ?? 0n,
  };
}

/** Lines such as `some avg10=0.00 avg60=0.12 avg300=0.22 total=58761459`. */
function psiOf(text: string | undefined): Psi {
  const found = (text ?? "").matchAll(/^(some|full) avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+) total=(\d+)$/gm);
  const psi = Object.fromEntries(
    [...found].map(([, kind = "", avg10, avg60, avg300, total = "0"]) => [
      kind,
      { avg10: Number(avg10), avg60: Number(avg60), avg300: Number(avg300), total: BigInt(total) },
    ]),
  );
  return Object.keys(psi).length === 0 ? {} : { psi };
}

/** Lines such as `8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0`. */
function ioOf(text: string | undefined): MetricsV2["io"]["usage"] {
  return (text ?? "").split("\n", MAX_DEVICES).flatMap((line) => {
    const [, major, minor, rest = ""] = /^(\d+):(\d+) (.*)$/.exec(line) ?? [];
    if (major === undefined || minor === undefined) return [];
    const values = parsePairs(rest.replaceAll("=", " ").replaceAll(/(\d) /g, "$1\n"));
    const names = { rbytes: "rbytes", wbytes: "wbytes", rios: "rios", wios: "wios" } as const;
    return [{ major: BigInt(major), minor: BigInt(minor), ...pick(names, values) }];
  });
}

/** Lines such as `mlx4_0 hca_handle=2 hca_object=max`. */
function rdmaOf(text: string | undefined): readonly RdmaEntry[] {
  const lines = [...(text ?? "").matchAll(/^(\S+) hca_handle=(\w+) hca_object=(\w+)$/gm)];
  return lines.map(([, device = "", handles, objects]) => ({
    device,
    hcaHandles: handles === "max" ? NO_LIMIT_32 : Number(handles),
    hcaObjects: objects === "max" ? NO_LIMIT_32 : Number(objects),
  }));
}
