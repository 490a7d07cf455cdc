import { CliError } from "../errors.ts";
import type { FlagValues } from "../flags/flag-values.ts";

export interface Autoscaler {
  readonly kind: "hpa" | "keda";
  readonly maxReplicas: number;
  /** Of what is requested, on average over the pods. */
  readonly cpuPercent: number;
  readonly memoryPercent: number;
}

/**
 * Undefined when no autoscaler is wanted; then the other flags do not count.
 *
 * @throws {CliError} `USAGE`
 */
export function readAutoscaler(values: FlagValues, minReplicas: number): Autoscaler | undefined {
  const kind = values.optional("autoscaler");
  if (kind === undefined) return undefined;
  if (kind !== "hpa" && kind !== "keda") {
    throw usage(`invalid autoscaler type '${kind}'; the autoscaler type must be either 'hpa' or 'keda'`);
  }
  const maxReplicas = readMaximum(values, minReplicas);
  for (const what of ["cpu", "memory"]) {
    if (values.text(`${what}-limit`) === "") {
      throw usage(`${what} limits must be set when autoscaling is enabled`);
    }
  }
  const cpuPercent = percentOf(values, "cpu");
  const memoryPercent = percentOf(values, "memory");
  if (minReplicas > 0) return { kind, maxReplicas, cpuPercent, memoryPercent };
  throw usage(
    "the minimum replica count (0) must be at least 1 with --autoscaler: what is scaled by its use of cpu and memory must run",
  );
}

function readMaximum(values: FlagValues, minReplicas: number): number {
  const maxReplicas = values.integer("max-replicas");
  if (maxReplicas < 0) {
    throw usage(`the maximum replica count (${maxReplicas}) must be equal to or greater than 0`);
  }
  if (minReplicas <= maxReplicas) return maxReplicas;
  const problem = `must be less than or equal to the maximum replica count (${maxReplicas})`;
  throw usage(`the minimum replica count (${minReplicas}) ${problem}`);
}

function percentOf(values: FlagValues, what: "cpu" | "memory"): number {
  const percent = values.integer(`autoscaler-target-${what}-utilization`);
  if (percent >= 1 && percent <= 100) return percent;
  throw usage(`target ${what} utilization percentage (${percent}) must be between 1 and 100`);
}

function usage(message: string): CliError {
  return new CliError("USAGE", message);
}
