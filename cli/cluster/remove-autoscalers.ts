import { isKubeError, unlessNotFound, type Kube } from "@rcm/lib/kube";
import { SPIN_KUBE } from "./cluster.ts";
import { AUTOSCALERS, fullNameOf, type AutoscalerObject } from "./kinds.ts";

interface Unwanted {
  /** Name of the autoscaler. */
  readonly name: string;
  readonly namespace: string;
  /** UID of the application. */
  readonly owner: string | undefined;
  /** The kind that it is to have from now on. */
  readonly keptKind: string | undefined;
  /** Called when there may be one that the user may not see. */
  readonly onHidden: (problem: string) => void;
}

/**
 * Removes what an earlier `deploy` made to scale an application: it would go on to change the number of pods, against
 * the application or against the autoscaler of another kind.
 *
 * @returns what kubectl would say of each.
 */
export async function removeAutoscalers(
  kube: Kube,
  { name, namespace, owner, keptKind, onHidden }: Unwanted,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const texts: string[] = [];
  const hidden: string[] = [];
  for (const resource of AUTOSCALERS.filter(({ kind }) => kind !== keptKind)) {
    const ref = { name, namespace };
    const looking = kube.get(resource, ref, signal).catch((error: unknown) => {
      if (!isKubeError(error, "Forbidden")) throw error;
      hidden.push(error.message); // Also where the cluster has no such kind: rights are looked at first.
      return undefined;
    });
    const object = await unlessNotFound(looking);
    if (object === undefined || !isOf(owner, object)) continue;
    await unlessNotFound(kube.delete(resource, ref, { uid: object.metadata?.uid }, signal));
    texts.push(`${fullNameOf(resource, name)} deleted`);
  }
  if (texts.length === 0 && hidden.length > 0) onHidden(hidden.join("; "));
  return texts;
}

/** Those of other programs and people stay, whatever their name. */
function isOf(owner: string | undefined, { metadata }: AutoscalerObject): boolean {
  const { ownerReferences = [], managedFields = [] } = metadata ?? {};
  return ownerReferences.some(({ uid }) => uid === owner) || managedFields.some(({ manager }) => manager === SPIN_KUBE);
}
