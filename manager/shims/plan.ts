import { nodeKey, RETRY_ANNOTATION, SHIM_FINALIZER } from "@rcm/crds";
import type { Outcome } from "../outcome.ts";
import { announce, type Announcement } from "./announce.ts";
import { artifactsOf, type WantedArtifact } from "./artifacts.ts";
import type { RuntimeClassProblem } from "./conditions.ts";
import { decideNode, STILL_IN_USE, type Decision, type News, type NodeFacts } from "./decide-node.ts";
import { ineligible, matches } from "./eligibility.ts";
import { findConflict } from "./handler-conflict.ts";
import type { JobView, NodeJob } from "./job-view.ts";
import type { JobOrder } from "./job.ts";
import { projectNode, type NodePatch } from "./node-projection.ts";
import type { NodeView } from "./node-view.ts";
import { progressOf } from "./result.ts";
import { planRollout, share, type Hold, type Rollout } from "./rollout.ts";
import {
  planRuntimeClass,
  planRuntimeClassRemoval,
  type RuntimeClassJson,
  type RuntimeClassPlan,
} from "./runtime-class.ts";
import { isSame } from "./same.ts";
import { isDeleting, nameOf, type ShimObject } from "./shim-object.ts";
import { spentJobs } from "./spent-jobs.ts";
import { statusOf, type StatusJson } from "./status.ts";

/** All that decisions about one Shim rest on. */
export interface Observed {
  readonly shim: ShimObject;
  /** All Shims of the cluster, this one included. */
  readonly shims: readonly ShimObject[];
  readonly nodes: readonly NodeView[];
  /** Jobs of all Shims, also those just made that nobody has seen yet. */
  readonly jobs: readonly NodeJob[];
  /** The one with the name that this Shim wants. */
  readonly runtimeClass: RuntimeClassJson | undefined;
  /** Names of Jobs that found pods using the handler, none of which is there any more. */
  readonly usersGone: ReadonlySet<string>;
  /** Installers that may run in the cluster at a time. */
  readonly maxConcurrentJobs: number;
  readonly nowMs: number;
  /** The same as RFC 3339. */
  readonly now: string;
}

/** What people are told. */
export interface Report {
  /** Undefined when it is as it should be. */
  readonly status: StatusJson | undefined;
  readonly announcements: readonly Announcement[];
}

/** What is to be written, in this order; it can stop anywhere and begin anew. */
export interface Plan extends Report {
  readonly addFinalizer: boolean;
  readonly runtimeClass: RuntimeClassPlan;
  /** Nodes that get no more pods than before. */
  readonly demotions: readonly NodePatch[];
  readonly starts: readonly JobOrder[];
  readonly jobsToDelete: readonly JobView[];
  /** Nodes that get pods from now on. */
  readonly promotions: readonly NodePatch[];
  /** What to tell instead when the API server does not take the RuntimeClass. @param words what the server says. */
  readonly ifRefused: (words: string) => Report;
  readonly removeFinalizer: boolean;
  readonly decisions: readonly Decision[];
  readonly news: readonly News[];
  readonly outcome: Outcome;
}

/** Nothing is missed for longer than this, in milliseconds, whatever happens to the watches. */
const RESYNC_MS = 600_000;
/** Pods that have not started are looked at this often, in milliseconds. */
const START_POLL_MS = 5_000;
/** So much of the cluster's installers may be at work only to ask whether pods still use a handler. */
const POLL_SHARE = "25%";

export function planShim(observed: Observed): Plan {
  const { shim, nodes, nowMs } = observed;
  const own = observed.jobs.filter(({ ownerUid }) => ownerUid === shim.metadata.uid);
  const decisions = decide(observed, own);
  const rollout = holdBack(observed, decisions);
  const shown = asStarted(decisions, rollout);
  const patches = project(observed, decisions, rollout);
  const isGone = isDeleting(shim) && decisions.every(({ settled }) => settled);
  const runtimeClass = runtimeClassPlan(observed, isGone);
  const news = decisions.flatMap((decision) => decision.news ?? []);
  const findings = { decisions: shown, hold: rollout.hold, news, isGone };
  return {
    addFinalizer: !isDeleting(shim) && !hasFinalizer(shim),
    runtimeClass,
    demotions: patches.filter(({ promotes }) => !promotes),
    starts: rollout.starts.flatMap((decision) => orderOf(observed, decision)),
    jobsToDelete: spentJobs(own, nodes, nowMs),
    promotions: patches.filter(({ promotes }) => promotes),
    ...report(observed, findings, conflictOf(runtimeClass)),
    ifRefused: (message) => report(observed, findings, { reason: "RuntimeClassRefused", message }),
    removeFinalizer: isGone && hasFinalizer(shim),
    decisions: shown,
    news,
    outcome: isGone ? { kind: "done" } : { kind: "wait", afterMs: soonest(decisions), reason: "Resync" },
  };
}

function hasFinalizer({ metadata }: ShimObject): boolean {
  return (metadata.finalizers ?? []).includes(SHIM_FINALIZER);
}

/** One decision for each node that the Shim selects or has left something on. */
function decide(observed: Observed, own: readonly NodeJob[]): readonly Decision[] {
  const { shim, nowMs } = observed;
  const jobs = Map.groupBy(own, ({ nodeUid }) => nodeUid);
  const key = nodeKey(nameOf(shim));
  const artifacts = artifactsOf(shim);
  return observed.nodes.flatMap((node) => {
    const isWanted = !isDeleting(shim) && matches(shim.spec.nodeSelector, node);
    const marked = node.labels[key] !== undefined || Object.hasOwn(node.records, key);
    const ours = jobs.get(node.uid) ?? [];
    if (!isWanted && !marked && ours.length === 0) return [];
    const artifact = isWanted ? artifacts(node) : undefined;
    return [decideNode(factsOf(observed, { node, jobs: ours, marked, artifact }), nowMs)];
  });
}

interface NodeInput {
  readonly node: NodeView;
  readonly jobs: readonly NodeJob[];
  readonly marked: boolean;
  /** Absent when the node is to be clean. */
  readonly artifact: WantedArtifact | undefined;
}

function factsOf({ shim, usersGone }: Observed, { node, jobs, marked, artifact }: NodeInput): NodeFacts {
  const record = node.records[nodeKey(nameOf(shim))];
  return {
    node,
    jobs,
    marked,
    record,
    wanted: artifact === undefined ? { kind: "absent" } : { kind: "present", hash: artifact.hash },
    ineligible: artifact?.missing ?? ineligible(node, shim.spec.tolerations ?? []),
    shimUid: shim.metadata.uid ?? "",
    handler: shim.spec.runtimeClass.handler,
    retry: retryValue(shim, node),
    usersGone: record !== undefined && usersGone.has(record.job),
  };
}

function retryValue({ metadata }: ShimObject, node: NodeView): string {
  const values = [metadata.annotations?.[RETRY_ANNOTATION], node.retry];
  return values.some((value) => value !== undefined) ? values.map((value) => value ?? "").join("|") : "";
}

/** The rollout's choice, minus what a conflict with another Shim forbids. */
function holdBack({ shim, shims, jobs, nowMs, maxConcurrentJobs }: Observed, decisions: readonly Decision[]): Rollout {
  const working = jobs.filter((job) => progressOf(job, nowMs).kind === "working");
  const rollout = planRollout({
    strategy: shim.spec.rolloutStrategy ?? { type: "recreate" },
    paused: shim.spec.paused === true && !isDeleting(shim),
    selected: decisions.filter(({ wanted, state }) => wanted === "present" && state !== "Unsupported").length,
    decisions,
    busy: new Set(working.map(({ nodeUid }) => nodeUid)),
    slots: maxConcurrentJobs - working.length,
    pollSlots: share(POLL_SHARE, maxConcurrentJobs) - working.filter(({ why }) => why === STILL_IN_USE).length,
  });
  const conflict = findConflict(shim, shims);
  if (conflict === undefined || isDeleting(shim)) return rollout;
  const starts = rollout.starts.filter(({ start }) => start?.operation === "uninstall");
  return { starts, hold: { reason: "HandlerConflict", message: conflict } };
}

/** What the status says of nodes whose Job is made in this very pass. */
function asStarted(decisions: readonly Decision[], { starts }: Rollout): readonly Decision[] {
  const starting = new Set(starts);
  return decisions.map((decision) => {
    if (decision.start === undefined || !starting.has(decision)) return decision;
    if (decision.reason === "InUse") return decision; // Who uses it matters more than that we ask again.
    const state = decision.start.operation === "install" ? "Installing" : "Removing";
    return { ...decision, state, reason: "JobActive", message: `Attempt ${decision.start.attempt}` };
  });
}

function project({ shim, shims }: Observed, decisions: readonly Decision[], { starts }: Rollout): readonly NodePatch[] {
  const selectorKeys = new Set(shims.flatMap(({ spec }) => Object.keys(spec.nodeSelector ?? {})));
  const context = { shim: nameOf(shim), selectorKeys };
  const starting = new Set(starts);
  return decisions.flatMap((decision) => projectNode(decision, starting.has(decision), context) ?? []);
}

function runtimeClassPlan({ shim, shims, runtimeClass }: Observed, isGone: boolean): RuntimeClassPlan {
  if (isDeleting(shim)) return isGone ? planRuntimeClassRemoval(shim, runtimeClass) : { kind: "none" };
  return findConflict(shim, shims) === undefined ? planRuntimeClass(shim, runtimeClass) : { kind: "none" };
}

function conflictOf(plan: RuntimeClassPlan): RuntimeClassProblem | undefined {
  return plan.kind === "conflict" ? { reason: "RuntimeClassConflict", message: plan.message } : undefined;
}

interface Findings {
  readonly decisions: readonly Decision[];
  readonly hold: Hold | undefined;
  readonly news: readonly News[];
  /** Nothing is left to have a status. */
  readonly isGone: boolean;
}

function report(
  { shim, now }: Observed,
  { decisions, hold, news, isGone }: Findings,
  runtimeClass: RuntimeClassProblem | undefined,
): Report {
  const status = statusOf({
    decisions,
    deleting: isDeleting(shim),
    hold,
    runtimeClass,
    generation: shim.metadata.generation ?? 0,
    before: shim.status,
    now,
  });
  return {
    status: isGone || isSame(status, shim.status) ? undefined : status,
    announcements: announce({ news, before: shim.status, status }),
  };
}

function orderOf({ shim }: Observed, { node, start }: Decision): readonly JobOrder[] {
  if (start === undefined) return [];
  const { operation, hash, attempt, why, untouched } = start;
  const artifact = operation === "install" ? artifactsOf(shim)(node).artifact : undefined;
  return [{ shim, node, operation, hash, attempt, why, untouched, artifact, retry: retryValue(shim, node) }];
}

function soonest(decisions: readonly Decision[]): number {
  const times = decisions.map(({ active, afterMs = RESYNC_MS }) =>
    active !== undefined && active.pod?.started !== true ? START_POLL_MS : afterMs,
  );
  return times.reduce((least, ms) => Math.min(least, ms), RESYNC_MS);
}
