import type { ShimCache } from "./cache.ts";
import type { NodeJob, Obstacle } from "./job-view.ts";
import type { NodeView } from "./node-view.ts";
import type { Observed } from "./plan.ts";

export interface ObserveOptions {
  readonly maxConcurrentJobs: number;
  /** What Events say of pods and Jobs, by their UID. */
  readonly hints: ReadonlyMap<string, Obstacle>;
  readonly usersGone: Observed["usersGone"];
  readonly nowMs: number;
}

/** Gathers all that is known of a Shim from the cache; undefined when there is no such Shim. */
export function observe(cache: ShimCache, name: string, options: ObserveOptions): Observed | undefined {
  const { maxConcurrentJobs, nowMs, usersGone } = options;
  const cached = cache.shims.store.get(name);
  if (cached === undefined) return undefined;
  const shim = cache.writtenShims.see(cached);
  return {
    shim,
    shims: [...cache.shims.store.values()],
    nodes: nodesOf(cache),
    jobs: jobsOf(cache, options),
    runtimeClass: cache.runtimeClasses.store.get(shim.spec.runtimeClass.name),
    usersGone,
    maxConcurrentJobs,
    nowMs,
    now: new Date(nowMs).toISOString().replace(/\.\d+Z$/, "Z"),
  };
}

/** Every Node, with what we wrote of it. */
export function nodesOf(cache: ShimCache): readonly NodeView[] {
  return [...cache.nodes.store.values()].map((node) => cache.writtenNodes.see(node));
}

/** Every Job with its newest pod, also those that only we know of yet. */
export function jobsOf(
  cache: ShimCache,
  { hints, nowMs }: Pick<ObserveOptions, "hints" | "nowMs">,
): readonly NodeJob[] {
  const jobs = [...cache.jobs.store.values(), ...cache.expectedJobs.current(nowMs)];
  return cache.jobJoin.join(jobs, cache.pods.store.values(), hints);
}
