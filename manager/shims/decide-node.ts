import type { ShimStatusNodeState } from "@rcm/crds";
import { backoffMs } from "@rcm/lib/backoff";
import { TERMINAL_REASONS } from "@rcm/lib/install-job";
import type { Operation } from "@rcm/lib/install-job";
import type { Ineligible } from "./eligibility.ts";
import type { NodeJob } from "./job-view.ts";
import type { NodeView } from "./node-view.ts";
import type { NodeRecord } from "./record.ts";
import { isOver, recordFromJob } from "./result.ts";

export type NodeState = ShimStatusNodeState["state"];

/** Delays between tries on one node. */
const RETRY = { baseMs: 10_000, maxMs: 600_000 } as const;
/** Removal that waits for pods asks again at this pace. */
const IN_USE_RETRY = { baseMs: 4_000, maxMs: 30_000 } as const;
/** After this many tries of one wanted state the node waits for a person. */
export const MAX_ATTEMPTS = 8;
/** The kubelet may need this long, in milliseconds, to report a new handler. */
const HANDLER_REPORT_MS = 360_000;

/** All that is known of one node for one Shim. */
export interface NodeFacts {
  readonly node: NodeView;
  readonly record: NodeRecord | undefined;
  /** Jobs of this Shim for this node, any state. */
  readonly jobs: readonly NodeJob[];
  /** What should be there: a hash, or nothing. */
  readonly wanted: { readonly kind: "present"; readonly hash: string } | { readonly kind: "absent" };
  readonly ineligible: Ineligible | undefined;
  readonly handler: string;
  /** Value of the retry annotations, of Shim and node together. */
  readonly retry: string;
}

export interface Decision {
  readonly node: NodeView;
  readonly state: NodeState;
  readonly reason?: string;
  readonly message?: string;
  /** The node is as it should be. */
  readonly settled: boolean;
  /** The last try failed, and no other is running. */
  readonly failed: boolean;
  readonly record: NodeRecord | undefined;
  /** An installer is at work. */
  readonly active: NodeJob | undefined;
  /** What should be started when the rollout allows it. */
  readonly start?: { readonly operation: Operation; readonly attempt: number; readonly isRetry: boolean };
  /** When to look again, in milliseconds from now. */
  readonly afterMs?: number;
}

/** Decides what one node needs; whether it may have it now is the rollout's business. */
export function decideNode(facts: NodeFacts, nowMs: number): Decision {
  const latest = facts.jobs.toSorted(byAge).at(-1);
  if (latest !== undefined && !isOver(latest, nowMs)) return working(facts, latest);
  const record =
    latest === undefined || latest.name === facts.record?.job ? facts.record : folded(facts, latest, nowMs);
  const current = { ...facts, record: isSameMachine(record, facts.node) ? record : undefined };
  return facts.wanted.kind === "present" ? present(current, facts.wanted.hash, nowMs) : absent(current, nowMs);
}

function byAge(a: NodeJob, b: NodeJob): number {
  return a.createdAt === b.createdAt ? a.attempt - b.attempt : a.createdAt < b.createdAt ? -1 : 1;
}

function folded(facts: NodeFacts, job: NodeJob, nowMs: number): NodeRecord | undefined {
  return recordFromJob(job, facts.node, facts.record, nowMs);
}

function isSameMachine(record: NodeRecord | undefined, node: NodeView): boolean {
  return record?.machineId === node.machineId;
}

function working(facts: NodeFacts, job: NodeJob): Decision {
  const state = job.operation === "install" ? "Installing" : "Removing";
  const message = `Attempt ${job.attempt}`;
  return { ...base(facts), state, reason: "JobActive", message, active: job };
}

function base({ node, record }: NodeFacts): Pick<Decision, "node" | "settled" | "failed" | "record" | "active"> {
  return { node, settled: false, failed: false, record, active: undefined };
}

function present(facts: NodeFacts, hash: string, nowMs: number): Decision {
  const { record, ineligible } = facts;
  const tried = record !== undefined && record.hash === hash && record.operation === "install";
  if (tried && !record.ok) return afterFailure(facts, record, nowMs);
  const doubt = tried ? doubtOf(record, facts, nowMs) : undefined;
  if (tried && doubt === undefined) return { ...base(facts), state: record.level ?? "Loaded", settled: true };
  if (ineligible?.kind === "unsupported") {
    return { ...base(facts), state: "Unsupported", reason: ineligible.reason, message: ineligible.message };
  }
  if (ineligible !== undefined) {
    return { ...base(facts), state: "Pending", reason: ineligible.reason, message: ineligible.message };
  }
  const attempt = nextAttempt(facts, hash, tried ? record.attempt : 0);
  const reason = doubt ?? (record === undefined ? "NotInstalled" : "Outdated");
  return { ...base(facts), state: "Pending", reason, start: { operation: "install", attempt, isRetry: tried } };
}

/** Why a good record may not be true any more. */
function doubtOf(record: NodeRecord, { node, handler }: NodeFacts, nowMs: number): string | undefined {
  if (record.bootId !== node.bootId) return "NodeRebooted";
  if (record.runtimeVersion !== node.runtimeVersion) return "ContainerdChanged";
  const missing = node.handlers !== undefined && !node.handlers.includes(handler);
  return missing && nowMs - Date.parse(record.at) > HANDLER_REPORT_MS ? "HandlerNotReported" : undefined;
}

function afterFailure(facts: NodeFacts, record: NodeRecord, nowMs: number): Decision {
  const state = record.rolledBack === true ? "RolledBack" : "Failed";
  const failed = { ...base(facts), state, failed: true, reason: record.reason ?? "InternalError" } as const;
  const message = record.message ?? "";
  const isRetry = record.retry === facts.retry;
  const attempt = nextAttempt(facts, record.hash, isRetry ? record.attempt : 0);
  const start = { operation: record.operation, attempt, isRetry } as const;
  if (facts.ineligible !== undefined && record.operation === "install") return { ...failed, message };
  if (!isRetry) return { ...failed, message, start };
  if (record.reason !== undefined && TERMINAL_REASONS.has(record.reason) && record.operation === "install") {
    return { ...failed, message: `${message} (not tried again until the Shim changes)` };
  }
  if (record.attempt >= MAX_ATTEMPTS && record.reason !== "InUse") {
    return {
      ...failed,
      message: `${message} (given up after ${record.attempt} tries: annotate the Shim with runtime.spinkube.dev/retry)`,
    };
  }
  const afterMs = Date.parse(record.at) + pause(record) - nowMs;
  return afterMs > 0 ? { ...failed, message, afterMs } : { ...failed, message, start };
}

/** The jitter comes from the Job's name, so that the same record always gives the same time. */
function pause(record: NodeRecord): number {
  const random = (Number.parseInt(record.job.slice(-6), 36) % 1000) / 1000;
  const schedule = record.reason === "InUse" ? IN_USE_RETRY : RETRY;
  return backoffMs(schedule, record.attempt, Number.isFinite(random) ? random : 0.5);
}

/** A name is never used twice: Jobs that a lost record forgot count too. */
function nextAttempt({ jobs }: NodeFacts, hash: string, tried: number): number {
  return 1 + Math.max(tried, 0, ...jobs.filter((job) => job.hash === hash).map(({ attempt }) => attempt));
}

function absent(facts: NodeFacts, nowMs: number): Decision {
  const { record, jobs } = facts;
  if (record?.operation === "uninstall" && !record.ok) {
    const decision = afterFailure(facts, record, nowMs);
    return record.reason === "InUse" ? { ...decision, state: "Removing", failed: false } : decision;
  }
  const cleaned = jobs.toSorted(byAge).at(-1)?.operation === "uninstall" && record === undefined;
  if (cleaned || (record === undefined && jobs.length === 0))
    return { ...base(facts), state: "Removing", settled: true };
  if (!facts.node.ready) {
    return {
      ...base(facts),
      state: "Removing",
      reason: "NodeNotReady",
      message: "Node is not Ready: the shim is removed once it is, or once the Node is deleted",
    };
  }
  const attempt = nextAttempt(facts, record?.hash ?? "", 0);
  return {
    ...base(facts),
    state: "Removing",
    reason: "NotWanted",
    start: { operation: "uninstall", attempt, isRetry: false },
  };
}
