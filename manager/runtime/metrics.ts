import { Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { ReconcileRecord } from "./controller.ts";

/** What `RequestRecord` of the client says, as far as it is counted. */
interface ApiRequest {
  readonly verb: string;
  readonly resource: string;
  readonly code: string;
  readonly durationMs: number;
}

/** What the manager measures. Times are in seconds, as Prometheus wants them. */
export interface Metrics {
  /** For gauges and counters of others. */
  readonly registry: Registry;
  /** In the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
  observeRequest(request: ApiRequest): void;
  observeReconcile(record: ReconcileRecord): void;
  setLeading(isLeading: boolean): void;
  /** Reads `depth` with each scrape. */
  watchQueue(controller: string, depth: () => number): void;
}

/** The upper bounds of the buckets, in seconds: from one API request to a whole reconcile that waits. */
const RECONCILE_BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const REQUEST_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];

/** Metrics of the process and of the machinery; their names are a contract with dashboards. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: "rcm_api_request_seconds",
    help: "Requests to the API server",
    registers,
    labelNames: ["verb", "resource", "code"],
    buckets: REQUEST_BUCKETS,
  });
  const reconciles = new Histogram({
    name: "rcm_reconcile_seconds",
    help: "Reconciles by result",
    registers,
    labelNames: ["controller", "result"],
    buckets: RECONCILE_BUCKETS,
  });
  const leading = new Gauge({ name: "rcm_leader", help: "1 in the process that holds the lease", registers });
  leading.set(0);
  return {
    registry,
    contentType: registry.contentType,
    text: async () => registry.metrics(),
    observeRequest({ verb, resource, code, durationMs }) {
      requests.observe({ verb, resource, code }, durationMs / 1000);
    },
    observeReconcile({ controller, result, durationMs }) {
      reconciles.observe({ controller, result }, durationMs / 1000);
    },
    setLeading(isLeading) {
      leading.set(isLeading ? 1 : 0);
    },
    watchQueue: queueGauge(registry),
  };
}

function queueGauge(registry: Registry): Metrics["watchQueue"] {
  const depths = new Map<string, () => number>();
  const gauge = new Gauge({
    name: "rcm_queue_depth",
    help: "Keys that wait for their reconcile, due or not",
    labelNames: ["controller"],
    registers: [registry],
    collect() {
      for (const [controller, depth] of depths) gauge.set({ controller }, depth());
    },
  });
  return (controller, depth) => {
    depths.set(controller, depth);
  };
}
