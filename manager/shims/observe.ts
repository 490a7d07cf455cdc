import type { ShimCache } from "./cache.ts";
import type { JobView, NodeJob, Obstacle, PodView } from "./job-view.ts";
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

/** Every Job with its newest pod. */
export function jobsOf(cache: ShimCache, { hints, nowMs }: Omit<ObserveOptions, "maxConcurrentJobs">): NodeJob[] {
  const pods = new Map<string, PodView>();
  for (const pod of cache.pods.store.values()) {
    const known = pods.get(pod.jobName);
    if (known === undefined || known.createdAt < pod.createdAt) pods.set(pod.jobName, pod);
  }
  const jobs = [...cache.jobs.store.values(), ...cache.expectedJobs.current(nowMs)];
  return jobs.map((job) => withPod(job, pods.get(job.name), hints));
}

function withPod(job: JobView, pod: PodView | undefined, hints: ObserveOptions["hints"]): NodeJob {
  return { ...job, pod, hint: hints.get(pod?.uid ?? job.uid) };
}
