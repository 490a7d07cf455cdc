import type { AppOptions } from "./app-options.ts";
import type { Autoscaler } from "./autoscaler.ts";
import type { Manifest } from "./manifest.ts";

export function autoscalerName(app: string): string {
  return `${app}-autoscaler`;
}

/** What scales the Deployment of an application. */
export function autoscalerObject(
  { name, replicas }: AppOptions,
  autoscaler: Autoscaler,
  place: { readonly namespace?: string },
): Manifest {
  const metadata = { name: autoscalerName(name), ...place };
  const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name };
  const { kind, maxReplicas, cpuPercent, memoryPercent } = autoscaler;
  if (kind === "hpa") {
    const metrics = [metric("cpu", cpuPercent), metric("memory", memoryPercent)];
    const spec = { scaleTargetRef, minReplicas: replicas, maxReplicas, metrics };
    return { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata, spec };
  }
  const triggers = [trigger("cpu", cpuPercent), trigger("memory", memoryPercent)];
  const spec = { scaleTargetRef, minReplicaCount: replicas, maxReplicaCount: maxReplicas, triggers };
  return { apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject", metadata, spec };
}

function metric(name: string, percent: number): object {
  return { type: "Resource", resource: { name, target: { type: "Utilization", averageUtilization: percent } } };
}

function trigger(type: string, percent: number): object {
  return { type, metricType: "Utilization", metadata: { value: String(percent) } };
}
