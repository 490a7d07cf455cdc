import type { NodeJob } from "./job-view.ts";

/** `namespace/name` */
const POD_NAME = /^[a-z0-9-]{1,63}\/[a-z0-9.-]{1,253}$/;
/** As many as a report may name. */
const MAX_LOST = 10;

/** The first `max` that may be names of pods: a node says what it likes. */
export function podNames(said: unknown, max: number): readonly string[] {
  const texts = Array.isArray(said) ? said.filter((name): name is string => typeof name === "string") : [];
  return texts.filter((name) => POD_NAME.test(name)).slice(0, max);
}

/** Pods that the Job's install ended. */
export function lostPodsOf({ pod }: NodeJob): readonly string[] {
  return podNames(pod?.report?.lostPods, MAX_LOST);
}
