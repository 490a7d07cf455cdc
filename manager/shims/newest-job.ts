import type { NodeJob } from "./job-view.ts";

/** The Job that was made last, of one node's. */
export function newestJob(jobs: readonly NodeJob[]): NodeJob | undefined {
  return jobs.reduce<NodeJob | undefined>(
    (best, job) => (best === undefined || isAfter(job, best) ? job : best),
    undefined,
  );
}

/** Jobs are dated to the second. Of two in one second the later may be another spec's, whose attempts begin anew. */
function isAfter(a: NodeJob, b: NodeJob): boolean {
  const [ofA, ofB] = [secondOf(a), secondOf(b)];
  if (ofA !== ofB) return ofA > ofB;
  if (isAtWork(a) !== isAtWork(b)) return isAtWork(a); // It was made when the other had ended.
  return a.attempt > b.attempt;
}

/** One that the server does not have yet is dated more exactly. */
function secondOf({ createdAt }: NodeJob): string {
  return createdAt.slice(0, "2026-11-24T12:00:00".length);
}

function isAtWork({ phase, pod }: NodeJob): boolean {
  return phase === "active" && pod?.phase !== "Succeeded" && pod?.phase !== "Failed";
}
