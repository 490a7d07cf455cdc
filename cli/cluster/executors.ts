import { isKubeError, type Kube } from "@rcm/lib/kube";
import { EXECUTORS, type ExecutorObject } from "./kinds.ts";

interface Wanted {
  readonly namespace: string;
  /** Undefined when the operator is to choose one. */
  readonly executor: string | undefined;
  /** Called when the user may not look. */
  readonly onHidden: (problem: string) => void;
}

/**
 * Whether the operator makes a Deployment for an application, as far as can be known: the others bring their pods
 * themselves, and an application of theirs with annotations for pods is refused.
 */
export async function isDeployedByOperator(kube: Kube, wanted: Wanted, signal: AbortSignal): Promise<boolean> {
  const all = await listExecutors(kube, wanted, signal);
  const candidates =
    wanted.executor === undefined ? all : all.filter(({ metadata }) => metadata?.name === wanted.executor).slice(0, 1);
  return candidates.length > 0 && candidates.every(({ spec }) => spec.createDeployment);
}

async function listExecutors(
  kube: Kube,
  { namespace, onHidden }: Wanted,
  signal: AbortSignal,
): Promise<readonly ExecutorObject[]> {
  const all: ExecutorObject[] = [];
  for (const resource of EXECUTORS) {
    try {
      all.push(...(await kube.list(resource, { namespace, project: (executor) => executor }, signal)).items);
    } catch (error) {
      if (isKubeError(error, "NotFound")) continue; // The cluster has none of this group.
      if (!isKubeError(error, "Forbidden")) throw error;
      onHidden(error.message);
      return [];
    }
  }
  return all;
}
