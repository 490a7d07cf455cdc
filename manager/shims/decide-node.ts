import type { ShimStatusNodeState } from "@rcm/crds";
import type { Operation } from "@rcm/lib/install-job";
import type { Ineligible } from "./eligibility.ts";
import type { NodeJob } from "./job-view.ts";
import { newestJob } from "./newest-job.ts";
import { nodeChange } from "./node-change.ts";
import type { NodeView } from "./node-view.ts";
import type { NodeRecord } from "./record.ts";
import { progressOf, recordFromJob } from "./result.ts";
import { LOOK_MS, pauseMs, retryOf } from "./retry.ts";

export type NodeState = ShimStatusNodeState["state"];

/** The kubelet may need this long, in milliseconds, to report a new handler. */
const HANDLER_REPORT_MS = 360_000;
/** A kubelet that never reports a handler which containerd serves is not asked about it more often than this. */
const HANDLER_DOUBT_AGAIN_MS = 24 * 3_600_000;
/** Why a Job was made that only asks whether pods still use the handler, and removes it if not. */
export const STILL_IN_USE = "StillInUse";

/** All that is known of one node for one Shim. */
export interface NodeFacts {
  readonly node: NodeView;
  readonly record: NodeRecord | undefined;
  /** The node bears our label, whatever else it lacks: something may be on it. */
  readonly marked: boolean;
  /** Jobs of this Shim for this node, any state. */
  readonly jobs: readonly NodeJob[];
  /** What should be there: a hash, or nothing. */
  readonly wanted: { readonly kind: "present"; readonly hash: string } | { readonly kind: "absent" };
  readonly ineligible: Ineligible | undefined;
  readonly shimUid: string;
  readonly handler: string;
  /** Value of the retry annotations, of Shim and node together. */
  readonly retry: string;
  /** None of the pods that the record names as users is there any more; false before anybody has looked. */
  readonly usersGone: boolean;
}

interface Start {
  readonly operation: Operation;
  readonly hash: string;
  readonly attempt: number;
  readonly why: string;
  /** No container of the Shim's Jobs has ever started on the machine. */
  readonly untouched: boolean;
}

/** The end of a Job that nobody has acted on yet. */
export interface News {
  readonly job: NodeJob;
  /** Absent after a successful uninstall. */
  readonly record: NodeRecord | undefined;
}

export interface Decision {
  readonly node: NodeView;
  readonly wanted: "present" | "absent";
  readonly state: NodeState;
  readonly reason?: string;
  readonly message?: string;
  /** The node is as it should be. */
  readonly settled: boolean;
  /** The last try failed, and no other is running. */
  readonly failed: boolean;
  readonly record: NodeRecord | undefined;
  /** Something of the Shim may be on the node. */
  readonly touched: boolean;
  /** An installer is at work. */
  readonly active: NodeJob | undefined;
  readonly news?: News;
  /** What should be started when the rollout allows it. */
  readonly start?: Start;
  /** When to look again, in milliseconds from now. */
  readonly afterMs?: number;
}

/** Decides what one node needs; whether it may have it now is the rollout's business. */
export function decideNode(facts: NodeFacts, nowMs: number): Decision {
  const latest = newestJob(facts.jobs);
  const progress = latest === undefined ? undefined : progressOf(latest, nowMs);
  if (latest !== undefined && progress?.kind === "working") {
    return { ...base(facts), ...working(latest, progress.obstacle, facts.record), active: latest };
  }
  if (latest === undefined || isKnown(latest, facts)) return rest(facts, nowMs);
  const record = recordFromJob(latest, facts.record, nowMs);
  const decision = rest({ ...facts, record, marked: record !== undefined }, nowMs);
  const isNews = facts.record !== undefined || facts.marked || decision.record !== undefined;
  return isNews ? { ...decision, news: { job: latest, record } } : decision;
}

/** Its end is in the record already, or is older than what the record says. */
function isKnown(job: NodeJob, { record, shimUid }: NodeFacts): boolean {
  if (record === undefined) return false;
  return record.job === job.name || (record.shimUid === shimUid && job.createdAt < record.created);
}

function working(
  job: NodeJob,
  obstacle: NodeJob["hint"],
  record: NodeRecord | undefined,
): Pick<Decision, "state" | "reason" | "message"> {
  const state = job.operation === "install" ? "Installing" : "Removing";
  // Asking once more whether the pods have ended is no news: who they are is.
  if (job.operation === "uninstall" && record?.reason === "InUse") {
    return { state, reason: record.reason, ...(record.message === undefined ? {} : { message: record.message }) };
  }
  if (obstacle === undefined) return { state, reason: "JobActive", message: `Attempt ${job.attempt}` };
  return { state, reason: obstacle.reason, message: `Attempt ${job.attempt} has not started: ${obstacle.message}` };
}

function base({ node, record, marked, wanted }: NodeFacts): Omit<Decision, "state"> {
  const touched = marked || record !== undefined;
  return { node, wanted: wanted.kind, settled: false, failed: false, record, touched, active: undefined };
}

/** No installer is at work. */
function rest(facts: NodeFacts, nowMs: number): Decision {
  const { record, node } = facts;
  // Another machine has this name now: nothing is known of it, and nothing of ours is on it.
  const isOther = record !== undefined && record.machineId !== node.machineId;
  const current = isOther ? { ...facts, record: undefined, marked: false } : facts;
  return facts.wanted.kind === "present" ? present(current, facts.wanted.hash, nowMs) : absent(current, nowMs);
}

function present(facts: NodeFacts, hash: string, nowMs: number): Decision {
  const { record } = facts;
  const isTried = record?.hash === hash && record.operation === "install";
  if (!isTried) return toInstall(facts, { hash, tried: 0, why: record === undefined ? "NotInstalled" : "Outdated" });
  if (!record.ok) return afterFailure(facts, record, nowMs);
  const doubt = doubtOf(record, facts, nowMs);
  if (doubt === undefined) return { ...base(facts), ...goodState(record) };
  return toInstall(facts, { hash, tried: record.attempt, why: doubt });
}

interface Task {
  readonly hash: string;
  readonly tried: number;
  readonly why: string;
}

function toInstall(facts: NodeFacts, { hash, tried, why }: Task): Decision {
  const { ineligible } = facts;
  if (ineligible !== undefined) {
    const { reason, message, kind } = ineligible;
    return { ...base(facts), state: kind === "unsupported" ? "Unsupported" : "Pending", reason, message };
  }
  const start = { operation: "install", hash, why, ...newJob(facts, hash, tried) } as const;
  return { ...base(facts), state: "Pending", reason: why, start };
}

function goodState({ level = "Loaded" }: NodeRecord): Pick<Decision, "state" | "settled" | "reason" | "message"> {
  if (level === "Loaded" || level === "Proven") return { state: level, settled: true };
  return { state: level, settled: false, reason: "NotLoaded", message: "containerd has not loaded the shim yet" };
}

/** Why a good record may not be true any more. */
function doubtOf(record: NodeRecord, { node, handler, shimUid }: NodeFacts, nowMs: number): string | undefined {
  if (record.shimUid !== shimUid) return "ShimRecreated";
  const change = nodeChange(record, node);
  if (change !== undefined) return change;
  if (node.handlers === undefined || node.handlers.includes(handler)) return undefined;
  const patienceMs = record.why === "HandlerNotReported" ? HANDLER_DOUBT_AGAIN_MS : HANDLER_REPORT_MS;
  return nowMs - Date.parse(record.at) > patienceMs ? "HandlerNotReported" : undefined;
}

function afterFailure(facts: NodeFacts, record: NodeRecord, nowMs: number): Decision {
  const verdict = retryOf(record, facts);
  const message = (record.message ?? "") + verdict.remark;
  const state = record.rolledBack === true ? "RolledBack" : "Failed";
  const failed = { ...base(facts), state, failed: true, reason: record.reason ?? "InternalError", message } as const;
  if (verdict.kind === "never" || facts.ineligible !== undefined) return failed;
  const afterMs = verdict.kind === "now" ? 0 : Date.parse(record.at) + pauseMs(record, facts.usersGone) - nowMs;
  if (afterMs > 0) return { ...failed, afterMs: record.users === undefined ? afterMs : Math.min(afterMs, LOOK_MS) };
  const { operation, hash } = record;
  return {
    ...failed,
    start: { operation, hash, why: whyAgain(record, facts), ...newJob(facts, hash, record.attempt) },
  };
}

function whyAgain(record: NodeRecord, { node }: NodeFacts): string {
  return nodeChange(record, node) ?? (record.reason === "InUse" ? STILL_IN_USE : "Retry");
}

/** A name is never used twice: Jobs that a lost record forgot count too. */
function newJob(facts: NodeFacts, hash: string, tried: number): Pick<Start, "attempt" | "untouched"> {
  const most = facts.jobs.reduce((best, job) => (job.hash === hash ? Math.max(best, job.attempt) : best), tried);
  return { attempt: most + 1, untouched: isUntouched(facts) };
}

/** A Job that was given up may have started its pod after all, before it was gone. */
function isUntouched({ record, marked, jobs }: NodeFacts): boolean {
  if (jobs.some(({ pod }) => pod?.started === true)) return false;
  return record === undefined ? !marked : record.untouched === true;
}

function absent(facts: NodeFacts, nowMs: number): Decision {
  const { record, marked, node } = facts;
  const removing = { ...base(facts), state: "Removing" } as const;
  if (record === undefined && !marked) return { ...removing, settled: true };
  if (!node.ready) {
    const message = "Node is not Ready: the shim is removed once it is, or once the Node is deleted";
    return { ...removing, reason: "NodeNotReady", message };
  }
  // A Job that removes would need the same mounts as those that could not start.
  if (isUntouched(facts)) return { ...removing, record: undefined, touched: false, settled: true };
  if (record?.operation === "uninstall" && !record.ok) return afterFailedRemoval(facts, record, nowMs);
  return { ...removing, reason: "NotWanted", start: removal(facts) };
}

function removal(facts: NodeFacts): Start {
  const { hash = "", attempt = 0 } = facts.record ?? {};
  return { operation: "uninstall", hash, why: "NotWanted", ...newJob(facts, hash, attempt) };
}

function afterFailedRemoval(facts: NodeFacts, record: NodeRecord, nowMs: number): Decision {
  const decision = afterFailure({ ...facts, ineligible: undefined }, record, nowMs);
  return record.reason === "InUse" ? { ...decision, state: "Removing", failed: false } : decision;
}
