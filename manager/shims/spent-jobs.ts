import type { NodeJob } from "./job-view.ts";
import { newestJob } from "./newest-job.ts";
import type { NodeView } from "./node-view.ts";
import { progressOf } from "./result.ts";

/** Jobs of one Shim that nobody needs any more, not even for their logs. */
export function spentJobs(own: readonly NodeJob[], nodes: readonly NodeView[], nowMs: number): readonly NodeJob[] {
  const uids = new Set(nodes.map(({ uid }) => uid));
  const byNode = [...Map.groupBy(own, ({ nodeUid }) => nodeUid)];
  return byNode.flatMap(([uid, jobs]) => {
    const newest = newestJob(jobs);
    return jobs.filter((job) => !uids.has(uid) || isSpent(job, nowMs) || (job !== newest && hasFoundUsers(job)));
  });
}

function isSpent(job: NodeJob, nowMs: number): boolean {
  return progressOf(job, nowMs).kind === "hopeless";
}

/** A newer Job is made only when this is recorded; there may be hundreds of such before the last pod is gone. */
function hasFoundUsers({ pod }: NodeJob): boolean {
  return (pod?.phase === "Failed" || pod?.phase === "Succeeded") && pod.report?.reason === "InUse";
}
