import { unlessNotFound } from "@rcm/lib/kube";
import type { AppParts } from "../app/app-objects.ts";
import { autoscalerName } from "../app/autoscaler-object.ts";
import type { Manifest } from "../app/manifest.ts";
import { applyManifest, type Applied } from "../cluster/apply-manifest.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { SPIN_APPS } from "../cluster/kinds.ts";
import { removeAutoscalers } from "../cluster/remove-autoscalers.ts";

export interface Talk {
  /** Called with what has become of each object. */
  readonly onDone: (text: string) => void;
  readonly onWarning: (text: string) => void;
}

/**
 * Applies an application and what is with it, which goes when the application goes. The Secret comes first, so that the
 * application never finds it missing; a new application's gets its owner as soon as there is one. An autoscaler of before
 * goes before another comes: KEDA refuses to scale what is scaled already.
 */
export async function applyApp(
  { kube, namespace }: Pick<Cluster, "kube" | "namespace">,
  { app, secret, autoscaler }: AppParts,
  { onDone, onWarning }: Talk,
  signal: AbortSignal,
): Promise<void> {
  async function apply(manifest: Manifest): Promise<Applied> {
    return applyManifest(kube, manifest, namespace, signal);
  }
  const { name } = app.metadata;
  const before = await unlessNotFound(kube.get(SPIN_APPS, { name, namespace }, signal));
  const known = before?.metadata?.uid;
  if (secret !== undefined) onDone((await apply(ownedBy(app, known, secret))).text);
  const { uid, text } = await apply(app);
  onDone(text);
  if (secret !== undefined && uid !== known) await apply(ownedBy(app, uid, secret));
  const hadAutoscaler = before?.spec.enableAutoscaling === true;
  function onHidden(problem: string): void {
    if (hadAutoscaler && autoscaler === undefined) onWarning(`Its autoscaler may be left: ${problem}`);
  }
  const unwanted = { name: autoscalerName(name), namespace, owner: uid, keptKind: autoscaler?.kind, onHidden };
  for (const removed of await removeAutoscalers(kube, unwanted, signal)) onDone(removed);
  if (autoscaler !== undefined) onDone((await apply(ownedBy(app, uid, autoscaler))).text);
}

/** No label of the operator's belongs here: it takes Secrets with one for its own, and removes them. */
function ownedBy(
  { apiVersion, kind, metadata: { name } }: Manifest,
  uid: string | undefined,
  object: Manifest,
): Manifest {
  if (uid === undefined) return object;
  return { ...object, metadata: { ...object.metadata, ownerReferences: [{ apiVersion, kind, name, uid }] } };
}
