import { readStats } from "../cgroup/read-stats.ts";
import type { Any } from "../proto/any.ts";
import { METRICS_V1_TYPE, MetricsV1 } from "../proto/stats-v1.ts";
import { METRICS_V2_TYPE, MetricsV2 } from "../proto/stats-v2.ts";
import { TtrpcError } from "../ttrpc/status.ts";
import type { Container } from "./container.ts";

/**
 * What a container uses, in the message of its cgroup's version.
 *
 * @throws {TtrpcError} `FAILED_PRECONDITION` once its cgroup is gone.
 */
export function statsOf({ cgroup, init }: Container): Any {
  const stats = readStats(cgroup);
  if (stats.kind === "gone") {
    throw new TtrpcError("FAILED_PRECONDITION", `Cannot measure ${init.name}: its cgroup is gone`);
  }
  if (stats.kind === "v1") {
    return { typeUrl: METRICS_V1_TYPE, value: MetricsV1.encode(stats.metrics) };
  }
  return { typeUrl: METRICS_V2_TYPE, value: MetricsV2.encode(stats.metrics) };
}
