import { JOB_SHIM_LABEL } from "@rcm/crds";
import type { Kube, KubeObject, Resource } from "@rcm/lib/kube";

interface ContainerState {
  readonly name: string;
  readonly state?: { readonly waiting?: object; readonly running?: object; readonly terminated?: object };
}

/** A pod of an installer's Job: the part that commands look at. */
export interface InstallerPod extends KubeObject {
  readonly metadata?: NonNullable<KubeObject["metadata"]> & { readonly creationTimestamp?: string };
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly initContainerStatuses?: readonly ContainerState[];
    readonly containerStatuses?: readonly ContainerState[];
  };
}

const PODS: Resource<InstallerPod> = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };

/** The installer's pods of a Shim that are still there, in this namespace, or in whichever its manager is. */
export async function installerPods(
  kube: Kube,
  shim: string,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<readonly InstallerPod[]> {
  const labelSelector = `${JOB_SHIM_LABEL}=${shim}`;
  return (await kube.list(PODS, { namespace, labelSelector, project: (pod) => pod }, signal)).items;
}

/** The youngest of each node, or all, the oldest first; by node. */
export function chosenPods(
  pods: readonly InstallerPod[],
  { nodes, isAll }: { readonly nodes: readonly string[]; readonly isAll: boolean },
): readonly InstallerPod[] {
  const wanted = pods.filter((pod) => nodeOf(pod) !== "" && (nodes.length === 0 || nodes.includes(nodeOf(pod))));
  const sorted = wanted.toSorted((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1));
  return isAll ? sorted : [...new Map(sorted.map((pod) => [nodeOf(pod), pod])).values()];
}

/** "" before it has one. */
export function nodeOf({ spec }: InstallerPod): string {
  return spec?.nodeName ?? "";
}

/** Its containers that have begun, in their order: others have no log. */
export function begunContainers({ status }: InstallerPod): readonly string[] {
  const states = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return states.filter(({ state }) => state !== undefined && state.waiting === undefined).map(({ name }) => name);
}

function orderOf(pod: InstallerPod): string {
  return `${nodeOf(pod)} ${pod.metadata?.creationTimestamp ?? ""} ${pod.metadata?.name ?? ""}`;
}
