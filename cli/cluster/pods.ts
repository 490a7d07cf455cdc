import { SPIN_GROUP } from "@rcm/crds";
import type { Kube } from "@rcm/lib/kube";
import { PODS, type PodObject } from "./kinds.ts";

export interface PodSelection {
  readonly namespace: string;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/** Port on which applications listen, where their pod names none. */
const DEFAULT_PORT = 80;
const PORT_NAME = "http-app";

/** Selects the pods of an application. */
export function podsOfApp(name: string): string {
  return `${SPIN_GROUP}/app-name=${name}`;
}

export async function listPods(
  kube: Kube,
  selection: PodSelection,
  signal: AbortSignal,
): Promise<readonly PodObject[]> {
  return (await kube.list(PODS, { ...selection, project: (pod) => pod }, signal)).items;
}

export function podName({ metadata }: PodObject): string {
  return metadata?.name ?? "";
}

/** Not one that is about to go: it is ready for a while yet. */
export function isPodReady({ metadata, status }: PodObject): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  return status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") === true;
}

/** The container of the application `app`: the one with its name, or else the first. */
export function containerOf({ spec: { containers = [] } = {} }: PodObject, app: string): string | undefined {
  return (containers.find(({ name }) => name === app) ?? containers[0])?.name;
}

export function portOf({ spec: { containers = [] } = {} }: PodObject): number {
  const ports = containers.flatMap((container) => container.ports ?? []);
  return ports.find(({ name }) => name === PORT_NAME)?.containerPort ?? DEFAULT_PORT;
}
