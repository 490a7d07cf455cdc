import { bytesOf } from "@rcm/lib/quantity";
import type { ExecutorObject, SpinAppObject } from "./spinapp-object.ts";

interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

/** Port on which applications listen unless they say otherwise. */
export const DEFAULT_PORT = 80;

/**
 * Environment of the application's container. What the SpinApp says in `env` goes over what else there is, and comes
 * first: Kubernetes puts `$(NAME)` in only where NAME is defined before.
 */
export function environmentOf({ spec }: SpinAppObject, executor: ExecutorObject): readonly EnvVar[] {
  const own: readonly EnvVar[] = [
    ...(spec.variables ?? []).map(variable),
    { name: "SPIN_HTTP_LISTEN_ADDR", value: `0.0.0.0:${spec.port ?? DEFAULT_PORT}` },
    ...telemetry(executor),
    ...memoryLimit(spec.invocationLimits?.["memory"]),
    ...(spec.components === undefined ? [] : [{ name: "SPIN_COMPONENTS_TO_RETAIN", value: spec.components.join(",") }]),
  ];
  const names = new Set((spec.env ?? []).map(({ name }) => name));
  return [...(spec.env ?? []), ...own.filter(({ name }) => !names.has(name))];
}

function variable({ name, ...source }: NonNullable<SpinAppObject["spec"]["variables"]>[number]): EnvVar {
  return { name: `SPIN_VARIABLE_${name.toUpperCase()}`, ...source };
}

function telemetry({ spec }: ExecutorObject): readonly EnvVar[] {
  const otel = spec.deploymentConfig?.otel ?? {};
  const all = [
    ["OTEL_EXPORTER_OTLP_ENDPOINT", otel.exporter_otlp_endpoint],
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", otel.exporter_otlp_traces_endpoint],
    ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", otel.exporter_otlp_metrics_endpoint],
    ["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", otel.exporter_otlp_logs_endpoint],
  ] as const;
  return all.flatMap(([name, value = ""]) => (value === "" ? [] : [{ name, value }]));
}

/** The runtime wants bytes. */
function memoryLimit(quantity: string | undefined): readonly EnvVar[] {
  const bytes = quantity === undefined ? undefined : bytesOf(quantity);
  return bytes === undefined ? [] : [{ name: "SPIN_MAX_INSTANCE_MEMORY", value: String(bytes) }];
}
