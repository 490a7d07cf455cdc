import { REASONS, type Reason } from "@rcm/lib/install-job";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Decision, News, NodeState } from "./decide-node.ts";
import { lostPodsOf } from "./pod-names.ts";

/** What became of Shims; the names are a contract with dashboards. */
export interface ShimMetrics {
  setNodes(shim: string, decisions: readonly Decision[]): void;
  observe(news: News): void;
  /** The Shim is deleted: its series end. */
  forget(shim: string): void;
}

const STATES = Object.keys({
  Pending: 0,
  Installing: 0,
  Installed: 0,
  Configured: 0,
  Loaded: 0,
  Proven: 0,
  Failed: 0,
  RolledBack: 0,
  Unsupported: 0,
  Removing: 0,
} satisfies Record<NodeState, 0>);

/** Upper bounds of buckets, in seconds. */
const INSTALL_BUCKETS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900];
const OUTAGE_BUCKETS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60];

export function createShimMetrics(registry: Registry): ShimMetrics {
  const registers = [registry];
  const nodes = new Gauge({
    name: "rcm_shim_nodes",
    help: "Nodes of a Shim by their state",
    labelNames: ["shim", "state"],
    registers,
  });
  return {
    setNodes(shim, decisions) {
      const counts = Map.groupBy(decisions, ({ state, settled }) => (settled && state === "Removing" ? "" : state));
      for (const state of STATES) nodes.set({ shim, state }, counts.get(stateOf(state))?.length ?? 0);
    },
    forget(shim) {
      for (const state of STATES) nodes.remove({ shim, state });
    },
    observe: newsObserver(registers),
  };
}

function stateOf(name: string): NodeState | "" {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- STATES holds exactly these
  return name as NodeState;
}

function newsObserver(registers: Registry[]): ShimMetrics["observe"] {
  const durations = new Histogram({
    name: "rcm_node_install_duration_seconds",
    help: "From the making of a node's Job to the end of its install",
    buckets: INSTALL_BUCKETS,
    registers,
  });
  const failures = new Counter({
    name: "rcm_install_failures_total",
    help: "Installs and removals that failed, by reason",
    labelNames: ["reason"],
    registers,
  });
  const restarts = new Counter({
    name: "rcm_cri_restarts_total",
    help: "Restarts of containerd by installers",
    registers,
  });
  const outages = new Histogram({
    name: "rcm_cri_outage_seconds",
    help: "Time in which CRI did not answer during an install or removal",
    buckets: OUTAGE_BUCKETS,
    registers,
  });
  const lost = new Counter({
    name: "rcm_pods_lost_total",
    help: "Pods with containers that ended during an install, at most 10 of each install",
    registers,
  });
  return ({ job, record }) => {
    lost.inc(lostPodsOf(job).length);
    const { restarts: count = 0, outageMs } = job.pod?.report ?? {};
    restarts.inc(Math.max(0, count));
    if (outageMs !== undefined) outages.observe(outageMs / 1000);
    if (record?.ok === false) failures.inc({ reason: knownReason(record.reason) });
    else if (record !== undefined) durations.observe((Date.parse(record.at) - Date.parse(record.created)) / 1000);
  };
}

/** What nodes say becomes a label's value: theirs to choose only among those that there are. */
function knownReason(reason: string | undefined): Reason {
  return REASONS.find((known) => known === reason) ?? "InternalError";
}
