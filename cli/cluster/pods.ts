import { SPIN_GROUP, SPIN_OLDER_GROUP } from "@rcm/crds";
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

/** Selects the pods of an application, which have the label of its own group. */
export function podsOfApp(name: string, group: string = SPIN_GROUP): string {
  return `${group}/app-name=${name}`;
}

export interface PodsOfApp {
  readonly labelSelector: string;
  readonly pods: readonly PodObject[];
}

/** Those of the older group if there are none of the other. No two applications of one name have pods. */
export async function findPodsOfApp(
  kube: Kube,
  { name, namespace }: { readonly name: string; readonly namespace: string },
  signal: AbortSignal,
): Promise<PodsOfApp> {
  const labelSelector = podsOfApp(name);
  const pods = await listPods(kube, { namespace, labelSelector }, signal);
  if (pods.length > 0) return { labelSelector, pods };
  const older = podsOfApp(name, SPIN_OLDER_GROUP);
  const olderPods = await listPods(kube, { namespace, labelSelector: older }, signal);
  return { labelSelector: olderPods.length > 0 ? older : labelSelector, pods: olderPods };
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
