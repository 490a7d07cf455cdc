import type { NodeJob } from "./job-view.ts";

/** The Job that was made last, of one node's. */
export function newestJob(jobs: readonly NodeJob[]): NodeJob | undefined {
  return jobs.reduce<NodeJob | undefined>(
    (best, job) => (best === undefined || isAfter(job, best) ? job : best),
    undefined,
  );
}

function isAfter(a: NodeJob, b: NodeJob): boolean {
  return a.createdAt === b.createdAt ? a.attempt > b.attempt : a.createdAt > b.createdAt;
}
