import type { Reason } from "@rcm/lib/install-job";
import type { NodeJob, PodView } from "./job-view.ts";
import type { NodeView } from "./node-view.ts";
import type { NodeRecord } from "./record.ts";

/** A pod that cannot start is given this long, in milliseconds, because images and volumes often need a second try. */
export const START_PATIENCE_MS = 60_000;

/** Whether the Job has come to its end, or never will. */
export function isOver(job: NodeJob, nowMs: number): boolean {
  if (job.phase !== "active") return true;
  if (job.pod === undefined) return false;
  if (job.pod.phase === "Succeeded" || job.pod.phase === "Failed") return true;
  return job.pod.waiting !== undefined && nowMs - Date.parse(job.pod.createdAt) > START_PATIENCE_MS;
}

/** Turns the end of a Job into the node's record; undefined after a successful uninstall: nothing is left to know. */
export function recordFromJob(job: NodeJob, node: NodeView, before: NodeRecord | undefined, nowMs: number): NodeRecord | undefined {
  const report = job.pod?.report;
  const ok = report?.ok === true && job.phase !== "failed" && job.pod?.phase !== "Failed";
  if (ok && job.operation === "uninstall") return undefined;
  const failure = ok ? undefined : failureOf(job);
  const level = ok || report?.level !== undefined ? report?.level : levelBefore(before, node);
  const digest = report?.digest ?? before?.digest;
  return {
    shimUid: job.ownerUid ?? "",
    job: job.name,
    operation: job.operation,
    hash: job.hash,
    ok,
    attempt: job.attempt,
    at: new Date(nowMs).toISOString(),
    ...(level === undefined ? {} : { level }),
    ...(digest === undefined ? {} : { digest }),
    ...failure,
    machineId: node.machineId,
    bootId: node.bootId,
    runtimeVersion: node.runtimeVersion,
    retry: job.retry,
  };
}

/** What was there stays there when an installer never came to change anything. */
function levelBefore(before: NodeRecord | undefined, node: NodeView): NodeRecord["level"] {
  return before?.machineId === node.machineId && before.bootId === node.bootId ? before.level : undefined;
}

type Failure = Pick<NodeRecord, "reason" | "message" | "rolledBack">;

function failureOf(job: NodeJob): Failure {
  const report = job.pod?.report;
  if (report !== undefined && !report.ok) {
    return { reason: report.reason ?? "InternalError", message: report.message, rolledBack: report.rolledBack };
  }
  if (job.pod?.waiting !== undefined) return notStarted(job.pod.waiting);
  if (job.failure === "DeadlineExceeded") {
    return { reason: "DeadlineExceeded", message: "The installer did not end within its deadline: look at the Job's events" };
  }
  return { reason: "InstallerLost", message: `The installer left no report (${endOf(job.pod)}): it is tried again` };
}

function notStarted({ reason, message }: NonNullable<PodView["waiting"]>): Failure {
  const image = /image/i.test(reason);
  const known: Reason = image ? "ImagePullFailed" : /read-only file system/i.test(message) ? "ReadOnlyFileSystem" : "PodNotStarted";
  return { reason: known, message: `The installer's pod cannot start: ${reason}: ${message}` };
}

function endOf(pod: PodView | undefined): string {
  return pod?.ended ?? (pod === undefined ? "its pod is gone" : `its pod is ${pod.phase}`);
}
