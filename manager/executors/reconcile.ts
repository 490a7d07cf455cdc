import { SPIN_VERSION } from "@rcm/crds";
import { isKubeError } from "@rcm/lib/kube";
import type { Outcome } from "../outcome.ts";
import { spinIdFromKey, type SpinId } from "../spinapps/app-id.ts";
import type { SpinAppCache } from "../spinapps/cache.ts";
import { chooseExecutor } from "../spinapps/choose-executor.ts";
import type { Operator } from "../spinapps/operator.ts";
import { spinAppExecutors } from "../spinapps/resources.ts";
import { finalizerPatch, planExecutor } from "./plan.ts";

/** Holds one SpinAppExecutor while SpinApps run by it. */
export async function reconcileExecutor(
  { cache, kube, events }: Pick<Operator, "cache" | "kube" | "events">,
  key: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const id = spinIdFromKey(key);
  const executor = cache.group(id.group).executors.store.get(`${id.namespace}/${id.name}`);
  if (executor === undefined) return { kind: "done" };
  const plan = planExecutor({ group: id.group, executor, users: usersOf(cache, id) });
  if (plan.kind === "none") return { kind: "done" };
  if (plan.kind === "blocked") {
    const regarding = { apiVersion: `${id.group}/${SPIN_VERSION}`, kind: "SpinAppExecutor", name: id.name };
    const occurrence = { type: "Warning", reason: "DeletionBlocked", action: "Delete", note: plan.note } as const;
    events.record({ regarding: { ...regarding, namespace: id.namespace, uid: executor.metadata.uid }, ...occurrence });
    return { kind: "stalled", reason: "DeletionBlocked", message: plan.note };
  }
  const body = finalizerPatch(executor, plan.finalizers);
  const ref = { namespace: id.namespace, name: id.name };
  try {
    await kube.patch(spinAppExecutors(id.group), ref, { kind: "json", body }, signal);
    return { kind: "done" };
  } catch (error) {
    if (isKubeError(error, "NotFound")) return { kind: "done" };
    throw error; // A list that has changed meanwhile is refused as invalid too: tried again, less and less often.
  }
}

/** Names of the SpinApps, of both groups, that this executor runs. */
function usersOf(cache: SpinAppCache, { group, namespace, name }: SpinId): readonly string[] {
  const candidates = cache.candidates(namespace);
  return cache.groups().flatMap(([appGroup, { apps }]) =>
    [...apps.store.values()]
      .filter((app) => {
        if (app.metadata.namespace !== namespace) return false;
        const chosen = chooseExecutor(appGroup, app, candidates);
        return chosen?.group === group && chosen.executor.metadata.name === name;
      })
      .map((app) => app.metadata.name ?? ""),
  );
}
