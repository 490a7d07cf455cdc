import type { NodeJob } from "./job-view.ts";

/** `namespace/name` */
const POD_NAME = /^[a-z0-9-]{1,63}\/[a-z0-9.-]{1,253}$/;
/** As many as a report may name. */
const MAX_LOST = 10;

/** The first `max` that may be names of pods: a node says what it likes. */
export function podNames(said: unknown, max: number): readonly string[] {
  return Array.isArray(said) ? said.filter((name) => isPodName(name)).slice(0, max) : [];
}

/** Whether it has the form `namespace/name` of a pod. */
export function isPodName(value: unknown): value is string {
  return typeof value === "string" && POD_NAME.test(value);
}

/** Pods that the Job's install ended. */
export function lostPodsOf({ pod }: NodeJob): readonly string[] {
  return podNames(pod?.report?.lostPods, MAX_LOST);
}
