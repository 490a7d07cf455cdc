import type { InstallReport, Reason } from "@rcm/lib/install-job";
import type { NodeJob, Obstacle, PodView } from "./job-view.ts";
import { nodeChange } from "./node-change.ts";
import { podNames } from "./pod-names.ts";
import type { NodeRecord } from "./record.ts";

/** A pod that cannot start is given this long, in milliseconds, because images and volumes often need a second try. */
const START_PATIENCE_MS = 60_000;
/** The pod's last word may come this much later than that of its Job, in milliseconds. */
const LAST_WORD_MS = 10_000;
/** A record names so many of the pods that hold the handler: when those are gone, the next Job names others. */
const MAX_USERS = 3;

/** What has become of a Job: at work, at its end, or never to start (`obstacle` says why). */
export type Progress =
  | { readonly kind: "working"; readonly obstacle: Obstacle | undefined; readonly sinceMs: number }
  | { readonly kind: "ended" }
  | { readonly kind: "hopeless"; readonly obstacle: Obstacle };

const ENDED: Progress = { kind: "ended" };

export function progressOf(job: NodeJob, nowMs: number): Progress {
  if (hasEnded(job, nowMs)) return ENDED;
  const obstacle = obstacleOf(job);
  const sinceMs = Date.parse(job.pod?.createdAt ?? job.createdAt);
  const isHopeless = obstacle !== undefined && nowMs - sinceMs > START_PATIENCE_MS;
  return isHopeless ? { kind: "hopeless", obstacle } : { kind: "working", obstacle, sinceMs };
}

function hasEnded({ phase, pod, endedAt, createdAt }: NodeJob, nowMs: number): boolean {
  if (pod?.phase === "Succeeded" || pod?.phase === "Failed") return true;
  return phase !== "active" && nowMs - Date.parse(endedAt ?? createdAt) > LAST_WORD_MS;
}

function obstacleOf({ pod, hint }: NodeJob): Obstacle | undefined {
  return pod?.started === true ? undefined : (pod?.waiting ?? hint);
}

/**
 * Turns the end of a Job into the node's record; undefined after a successful uninstall: nothing is left to know. The
 * same end always gives the same record, so that it can be written twice.
 */
export function recordFromJob(job: NodeJob, before: NodeRecord | undefined, nowMs: number): NodeRecord | undefined {
  const ok = hasSucceeded(job);
  if (ok && job.operation === "uninstall") return undefined;
  const failure = ok ? undefined : failureOf(job, nowMs);
  const { ownerUid: shimUid = "", name, createdAt: created, operation, hash, attempt, retry, why } = job;
  const { machineId, bootId, runtimeVersion } = job;
  return {
    shimUid,
    job: name,
    operation,
    hash,
    ok,
    attempt,
    failures: failure === undefined ? 0 : failuresBefore(job, before, failure) + 1,
    created,
    why,
    at: endTime(job, nowMs),
    ...leftBehind(job, before, ok),
    ...failure,
    ...(isUntouched(job, nowMs) ? { untouched: true } : {}),
    machineId,
    bootId,
    runtimeVersion,
    retry,
  };
}

function hasSucceeded({ phase, pod }: NodeJob): boolean {
  return pod?.report?.ok === true && phase !== "failed" && pod.phase !== "Failed";
}

/**
 * Looking whether pods have ended is no failure: those polls and real failures are counted apart. So are those of a
 * node before and after it changed.
 */
function failuresBefore(job: NodeJob, before: NodeRecord | undefined, { reason }: Failure): number {
  const isSameTask = before?.hash === job.hash && before.operation === job.operation && before.retry === job.retry;
  const isSameKind = (before?.reason === "InUse") === (reason === "InUse");
  return isSameTask && isSameKind && nodeChange(before, job) === undefined ? before.failures : 0;
}

/** Only a pod that is known to wait for its start is proof: what has ended or does not answer may have run. */
function isUntouched(job: NodeJob, nowMs: number): boolean {
  return job.untouched && job.pod?.phase === "Pending" && progressOf(job, nowMs).kind === "hopeless";
}

function endTime({ pod, endedAt, phase }: NodeJob, nowMs: number): string {
  const known = pod?.endedAt ?? (phase === "active" ? undefined : endedAt);
  return known ?? new Date(nowMs).toISOString();
}

/** What is on the node now; what was there stays there when an installer never came to change anything. */
function leftBehind(job: NodeJob, before: NodeRecord | undefined, ok: boolean): Pick<NodeRecord, "level" | "digest"> {
  const reported = job.pod?.report;
  const level = ok ? reported?.level : levelAfterFailure(job, before);
  const digest = reported?.digest ?? before?.digest;
  return { ...(level === undefined ? {} : { level }), ...(digest === undefined ? {} : { digest }) };
}

/** An installer that failed proved nothing: its word on what is there may be from before a reboot. */
function levelAfterFailure(
  { machineId, bootId, pod }: NodeJob,
  before: NodeRecord | undefined,
): NodeRecord["level"] | undefined {
  const isSameBoot = before?.machineId === machineId && before.bootId === bootId;
  if (!isSameBoot || before.level === undefined) return undefined;
  return pod?.report?.level ?? before.level;
}

type Failure = Pick<NodeRecord, "reason" | "message" | "rolledBack" | "users">;

function failureOf(job: NodeJob, nowMs: number): Failure {
  const report = job.pod?.report;
  if (report !== undefined && !report.ok) {
    const { reason = "InternalError", message, rolledBack } = report;
    return { reason, message, rolledBack, ...(reason === "InUse" ? usersOf(report) : {}) };
  }
  const progress = progressOf(job, nowMs);
  if (progress.kind === "hopeless") return notStarted(progress.obstacle);
  if (job.failure === "DeadlineExceeded") {
    const message = "The installer did not end within its deadline: see the Events of its Job";
    return { reason: "DeadlineExceeded", message };
  }
  return { reason: "InstallerLost", message: `The installer left no report (${endOf(job.pod)}): it is tried again` };
}

function usersOf({ users }: InstallReport): Pick<NodeRecord, "users"> {
  const pods = podNames(users, MAX_USERS);
  return pods.length === 0 ? {} : { users: pods };
}

function notStarted({ reason, message }: Obstacle): Failure {
  return { reason: reasonOf(reason, message), message: `The installer's pod cannot start: ${reason}: ${message}` };
}

function reasonOf(reason: string, message: string): Reason {
  if (/read-only file system/i.test(message)) return "ReadOnlyFileSystem";
  if (/no space left/i.test(message)) return "DiskFull";
  return /image/i.test(reason) ? "ImagePullFailed" : "PodNotStarted";
}

function endOf(pod: PodView | undefined): string {
  return pod?.ended ?? (pod === undefined ? "its pod is gone" : `its pod is ${pod.phase}`);
}
