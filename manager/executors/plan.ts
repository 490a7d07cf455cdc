import type { JsonPatchOperation } from "@rcm/lib/kube";
import type { SpinGroup } from "../spinapps/app-id.ts";
import type { ExecutorObject } from "../spinapps/spinapp-object.ts";

export interface ObservedExecutor {
  readonly group: SpinGroup;
  readonly executor: ExecutorObject;
  /** Names of the SpinApps that run by it. */
  readonly users: readonly string[];
}

export type ExecutorPlan =
  | { readonly kind: "none" }
  /** The whole list of finalizers as it is to be. */
  | { readonly kind: "setFinalizers"; readonly finalizers: readonly string[] }
  | { readonly kind: "blocked"; readonly note: string };

/** How many users a message names. */
const MAX_NAMED = 5;

/** Keeps an executor as long as SpinApps need it. */
export function planExecutor({ group, executor, users }: ObservedExecutor): ExecutorPlan {
  const { deletionTimestamp, finalizers = [] } = executor.metadata;
  const ours = `${group}/finalizer`;
  const isHeld = finalizers.includes(ours);
  if (deletionTimestamp === undefined) {
    return isHeld ? { kind: "none" } : { kind: "setFinalizers", finalizers: [...finalizers, ours] };
  }
  if (!isHeld) return { kind: "none" };
  if (users.length > 0) return { kind: "blocked", note: blockedNote(users) };
  return { kind: "setFinalizers", finalizers: finalizers.filter((one) => one !== ours) };
}

/**
 * The API server refuses it when the object or its list of finalizers is another one by now: a list that somebody else has
 * added to is not overwritten. A test for null holds where there is no list.
 */
export function finalizerPatch(
  { metadata }: ExecutorObject,
  finalizers: readonly string[],
): readonly JsonPatchOperation[] {
  const path = "/metadata/finalizers";
  return [
    { op: "test", path: "/metadata/uid", value: metadata.uid },
    { op: "test", path, value: metadata.finalizers ?? null },
    { op: "add", path, value: finalizers },
  ];
}

function blockedNote(users: readonly string[]): string {
  const named = users.toSorted().slice(0, MAX_NAMED).join(", ");
  const more = users.length > MAX_NAMED ? ` and ${users.length - MAX_NAMED} more` : "";
  return `Cannot delete SpinAppExecutor with dependent SpinApps: delete ${named}${more}, or give them another spec.executor`;
}
