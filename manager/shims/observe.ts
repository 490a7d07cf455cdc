import type { ShimCache } from "./cache.ts";
import type { NodeJob, Obstacle } from "./job-view.ts";
import type { Observed } from "./plan.ts";

export interface ObserveOptions {
  readonly maxConcurrentJobs: number;
  /** What Events say of pods and Jobs, by their UID. */
  readonly hints: ReadonlyMap<string, Obstacle>;
  readonly nowMs: number;
}

/** Gathers all that is known of a Shim from the cache; undefined when there is no such Shim. */
export function observe(cache: ShimCache, name: string, options: ObserveOptions): Observed | undefined {
  const { maxConcurrentJobs, nowMs } = options;
  const cached = cache.shims.store.get(name);
  if (cached === undefined) return undefined;
  const shim = cache.writtenShims.see(name, cached);
  return {
    shim,
    shims: [...cache.shims.store.values()],
    nodes: [...cache.nodes.store.values()].map((node) => cache.writtenNodes.see(node.name, node)),
    jobs: jobsOf(cache, options),
    runtimeClass: cache.runtimeClasses.store.get(shim.spec.runtimeClass.name),
    maxConcurrentJobs,
    nowMs,
    now: new Date(nowMs).toISOString().replace(/\.\d+Z$/, "Z"),
  };
}

/** Every Job with its newest pod, also those that only we know of yet. */
export function jobsOf(
  cache: ShimCache,
  { hints, nowMs }: Omit<ObserveOptions, "maxConcurrentJobs">,
): readonly NodeJob[] {
  const jobs = [...cache.jobs.store.values(), ...cache.expectedJobs.current(nowMs)];
  return cache.jobJoin.join(jobs, cache.pods.store.values(), hints);
}
