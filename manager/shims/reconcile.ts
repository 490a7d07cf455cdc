import { nodeKey, SHIM_GROUP, SHIM_VERSION } from "@rcm/crds";
import { isKubeError } from "@rcm/lib/kube";
import type { Log } from "@rcm/lib/log";
import type { Outcome } from "../outcome.ts";
import type { Occurrence } from "../runtime/event.ts";
import type { Announcement } from "./announce.ts";
import type { News } from "./decide-node.ts";
import { waitingNodes, type HandlerUsers } from "./handler-users.ts";
import { jobsOf, nodesOf, observe } from "./observe.ts";
import { planShim, type Observed, type Plan } from "./plan.ts";
import type { ShimMetrics } from "./shim-metrics.ts";
import { nameOf, type ShimObject } from "./shim-object.ts";
import type { StuckPods } from "./stuck-pods.ts";
import { reserveJobs, writePlan, type Writer } from "./write.ts";

export interface ReconcileOptions extends Writer {
  readonly maxConcurrentJobs: number;
  readonly stuckPods: StuckPods;
  readonly handlerUsers: HandlerUsers;
  readonly metrics: ShimMetrics;
  readonly events: { record(occurrence: Occurrence): void };
  readonly log: Log;
}

/** Somebody wrote the Shim at the same time: the watch will show it. */
const CONFLICT_MS = 250;

/** Nodes that one pass looks at for pods which use the handler, and when the next one comes, in milliseconds. */
const LOOKS = { atOnce: 20, nextMs: 1000 } as const;

/** Brings one Shim's nodes a step nearer to what it says. */
export async function reconcileShim(options: ReconcileOptions, name: string, signal: AbortSignal): Promise<Outcome> {
  await lookUpStuckPods(options, signal);
  const isBehind = await lookAtUsers(options, name, signal);
  const { maxConcurrentJobs, handlerUsers } = options;
  const usersGone = handlerUsers.gone(name);
  const observed = observe(options.cache, name, { ...timed(options), usersGone, maxConcurrentJobs });
  if (observed === undefined) {
    options.metrics.forget(name);
    return { kind: "done" };
  }
  const plan = planShim(observed);
  reserveJobs(options, plan.starts, observed.nowMs); // Before anything waits: other Shims are planned meanwhile.
  options.metrics.setNodes(name, plan.decisions);
  const outcome = await write(options, observed, plan, signal);
  return isBehind && outcome.kind === "wait"
    ? { ...outcome, afterMs: Math.min(outcome.afterMs, LOOKS.nextMs) }
    : outcome;
}

function timed({ stuckPods }: ReconcileOptions): { readonly hints: StuckPods["hints"]; readonly nowMs: number } {
  return { hints: stuckPods.hints, nowMs: Date.now() };
}

async function lookUpStuckPods(options: ReconcileOptions, signal: AbortSignal): Promise<void> {
  const { stuckPods, cache } = options;
  const now = timed(options);
  const due = stuckPods.due(jobsOf(cache, now), now.nowMs);
  if (due.length > 0) await stuckPods.ask(due, now.nowMs, signal);
}

/** @returns whether more nodes are due than one pass looks at. */
async function lookAtUsers(
  { handlerUsers, cache }: ReconcileOptions,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  const nowMs = Date.now();
  const waiting = cache.shims.store.get(name) === undefined ? [] : waitingNodes(nodesOf(cache), nodeKey(name));
  const due = handlerUsers.due(name, waiting, nowMs);
  await handlerUsers.look(name, due.slice(0, LOOKS.atOnce), nowMs, signal);
  return due.length > LOOKS.atOnce;
}

async function write(options: ReconcileOptions, { shim }: Observed, plan: Plan, signal: AbortSignal): Promise<Outcome> {
  try {
    const { nodes, announcements, error } = await writePlan(options, shim, plan, signal);
    const written = plan.news.filter(({ job }) => !nodes.has(job.nodeUid));
    for (const news of written) tell(options, shim, news);
    for (const item of announcements) announce(options, shim, item, nodes);
    if (error !== undefined) throw error;
    return plan.outcome;
  } catch (error) {
    if (isKubeError(error, "NotFound")) return { kind: "done" };
    if (isKubeError(error, "Conflict")) return { kind: "wait", afterMs: CONFLICT_MS, reason: "Conflict" };
    throw error;
  }
}

function tell({ metrics, log }: ReconcileOptions, shim: ShimObject, news: News): void {
  metrics.observe(news);
  const { job, record } = news;
  const { durationMs: ms, restarts } = job.pod?.report ?? {};
  const fields = { shim: nameOf(shim), node: job.nodeName, job: job.name, attempt: job.attempt, ms, restarts };
  if (record === undefined) log.info("Shim removed from node", fields);
  else if (record.ok) log.info("Shim provisioned on node", { ...fields, reached: record.level });
  else log.warn("Installer failed on node", { ...fields, reason: record.reason, detail: record.message });
}

function announce(
  { events }: ReconcileOptions,
  shim: ShimObject,
  { node, ...event }: Announcement,
  unwritten: ReadonlySet<string>,
): void {
  if (node !== undefined && unwritten.has(node.uid)) return; // The next pass says it.
  const apiVersion = `${SHIM_GROUP}/${SHIM_VERSION}`;
  events.record({ ...event, regarding: { apiVersion, kind: "Shim", name: nameOf(shim), uid: shim.metadata.uid } });
  if (node === undefined) return;
  const note = event.note.replace(`${node.name}: `, `Shim ${nameOf(shim)}: `);
  // `kubectl describe node` looks for Events whose UID is the node's name, as the kubelet writes them.
  events.record({ ...event, note, regarding: { apiVersion: "v1", kind: "Node", name: node.name, uid: node.name } });
}
