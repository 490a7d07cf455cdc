import type { JobView, NodeJob, Obstacle, PodView } from "./job-view.ts";

interface Joined {
  readonly from: JobView;
  readonly job: NodeJob;
}

/** Joins Jobs with their pods. What has not changed since the last time is the same object: there may be thousands. */
export class JobJoin {
  #joined = new Map<string, Joined>();

  join(jobs: readonly JobView[], pods: Iterable<PodView>, hints: ReadonlyMap<string, Obstacle>): readonly NodeJob[] {
    const newest = newestPods(pods);
    const joined = new Map(jobs.map((job) => [job.name, this.#join(job, newest.get(job.name), hints)]));
    this.#joined = joined;
    return [...joined.values()].map(({ job }) => job);
  }

  #join(from: JobView, pod: PodView | undefined, hints: ReadonlyMap<string, Obstacle>): Joined {
    const hint = hints.get(pod?.uid ?? from.uid);
    const known = this.#joined.get(from.name);
    if (known?.from === from && known.job.pod === pod && known.job.hint === hint) return known;
    return { from, job: { ...from, pod, hint } };
  }
}

function newestPods(pods: Iterable<PodView>): ReadonlyMap<string, PodView> {
  const newest = new Map<string, PodView>();
  for (const pod of pods) {
    const known = newest.get(pod.jobName);
    if (known === undefined || known.createdAt < pod.createdAt) newest.set(pod.jobName, pod);
  }
  return newest;
}
