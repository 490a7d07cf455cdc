import { SHIM_FINALIZER } from "@rcm/crds";
import { CodedError, messageOf } from "@rcm/lib/errors";
import { isKubeError, type Kube, type KubeErrorCode } from "@rcm/lib/kube";
import type { ShimCache } from "./cache.ts";
import { jobView } from "./job-view.ts";
import { jobFor, jobName, type JobOrder, type JobSettings } from "./job.ts";
import type { NodePatch } from "./node-projection.ts";
import { nodeView } from "./node-view.ts";
import { patchShim } from "./patch-shim.ts";
import type { Plan, Report } from "./plan.ts";
import { JOBS, NEW_JOBS, NODES, RUNTIME_CLASSES } from "./resources.ts";
import { nameOf, type ShimObject } from "./shim-object.ts";
import type { StatusJson } from "./status.ts";
import { tryEach } from "./try-each.ts";

export interface Writer {
  readonly kube: Kube;
  readonly cache: ShimCache;
  readonly settings: JobSettings;
}

/** Requests at a time. */
const CONCURRENCY = 16;

/** Keeps the nodes and the room of the Jobs that are about to be made. Call it right after planning. */
export function reserveJobs({ cache, settings }: Writer, starts: readonly JobOrder[], nowMs: number): void {
  for (const order of starts) {
    const { metadata } = jobFor(order, settings);
    const creationTimestamp = new Date(nowMs).toISOString();
    cache.expectedJobs.add(jobView({ metadata: { ...metadata, creationTimestamp } }), nowMs);
  }
}

class WriteError extends CodedError<"WRITE_FAILED"> {
  override readonly name = "WriteError";
}

/** What could not be written; the next pass tries it again. */
export interface WriteResult {
  /** UIDs of nodes that do not say yet what they should. */
  readonly nodes: ReadonlySet<string>;
  /** What is to be told now that it is known how the writing went. */
  readonly announcements: Report["announcements"];
  readonly error: WriteError | undefined;
}

/**
 * Writes a plan, in an order that can stop anywhere: a node stops getting pods before its installer starts, and gets
 * pods again only when all else is written. Objects that are gone or changed meanwhile are no errors: their change
 * brings the next pass.
 *
 * @throws {KubeError} when the Shim itself cannot be written.
 */
export async function writePlan(
  writer: Writer,
  shim: ShimObject,
  plan: Plan,
  signal: AbortSignal,
): Promise<WriteResult> {
  try {
    if (plan.addFinalizer) await setFinalizer(writer, shim, [...finalizersOf(shim), SHIM_FINALIZER], signal);
    const unmade = await tryRuntimeClass(writer, plan, signal);
    const { nodes, errors: others } = await writeNodes(writer, plan, signal);
    const { status, announcements } = reportOf(plan, unmade);
    if (status !== undefined) await writeStatus(writer, shim, status, signal);
    const errors = [...unmade, ...others];
    if (errors.length === 0) await finish(writer, shim, plan, signal);
    return { nodes, announcements, error: errors.length === 0 ? undefined : writeError(shim, errors) };
  } finally {
    writer.cache.expectedJobs.dropUnmade(plan.starts.map((order) => jobName(order)));
  }
}

/** Without the RuntimeClass no pod comes to the nodes, but they can be made ready. @returns its errors: one at most. */
async function tryRuntimeClass(writer: Writer, plan: Plan, signal: AbortSignal): Promise<readonly unknown[]> {
  if (plan.runtimeClass.kind === "delete") return []; // Done last.
  const failed = await tryEach([plan], 1, async () => writeRuntimeClass(writer, plan, signal));
  return failed.map(({ error }) => error);
}

/** Only what trying again does not cure is told: a server that does not answer is not against the RuntimeClass. */
function reportOf(plan: Plan, errors: readonly unknown[]): Report {
  const refusal = errors.find((error) => isKubeError(error, "Invalid", "Forbidden"));
  return refusal === undefined ? plan : plan.ifRefused(messageOf(refusal));
}

interface NodesResult {
  readonly nodes: ReadonlySet<string>;
  readonly errors: readonly unknown[];
}

/** What the failure of one node forbids is left out for that node only. */
async function writeNodes(writer: Writer, plan: Plan, signal: AbortSignal): Promise<NodesResult> {
  async function patch(item: NodePatch): Promise<void> {
    await patchNode(writer, item, signal);
  }
  const demotions = await tryEach(plan.demotions, CONCURRENCY, patch);
  const stale = new Set(demotions.map(({ item }) => item.uid));
  const starts = plan.starts.filter(({ node }) => !stale.has(node.uid));
  const started = await tryEach(starts, CONCURRENCY, async (order) => createJob(writer, order, signal));
  const toDelete = plan.jobsToDelete.filter(({ nodeUid }) => !stale.has(nodeUid));
  const deleted = await tryEach(toDelete, CONCURRENCY, async (job) => deleteJob(writer, job, signal));
  const promotions = await tryEach(plan.promotions, CONCURRENCY, patch);
  for (const { item } of promotions) stale.add(item.uid);
  return { nodes: stale, errors: [...demotions, ...started, ...deleted, ...promotions].map(({ error }) => error) };
}

/** Nothing is left on any node: what holds the Shim may go. */
async function finish(writer: Writer, shim: ShimObject, plan: Plan, signal: AbortSignal): Promise<void> {
  if (plan.runtimeClass.kind === "delete") await writeRuntimeClass(writer, plan, signal);
  if (!plan.removeFinalizer) return;
  const others = finalizersOf(shim).filter((name) => name !== SHIM_FINALIZER);
  await setFinalizer(writer, shim, others, signal);
}

function writeError(shim: ShimObject, errors: readonly unknown[]): WriteError {
  const message = `Cannot write all for Shim "${nameOf(shim)}": ${errors.length} requests failed`;
  return new WriteError("WRITE_FAILED", message, { cause: errors[0] });
}

function finalizersOf({ metadata }: ShimObject): readonly string[] {
  return metadata.finalizers ?? [];
}

/** With the resource version: a list is replaced as a whole. @throws {KubeError} `Conflict` when it changed meanwhile. */
async function setFinalizer(
  { kube, cache }: Writer,
  shim: ShimObject,
  finalizers: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { uid, resourceVersion } = shim.metadata;
  const body = { metadata: { uid, resourceVersion, finalizers } };
  await patchShim({ kube, cache }, shim, { kind: "merge", body }, signal);
}

async function writeStatus(writer: Writer, shim: ShimObject, status: StatusJson, signal: AbortSignal): Promise<void> {
  const body = { metadata: { uid: shim.metadata.uid }, status };
  await patchShim(writer, shim, { kind: "merge", subresource: "status", body }, signal);
}

async function writeRuntimeClass({ kube }: Writer, { runtimeClass }: Plan, signal: AbortSignal): Promise<void> {
  switch (runtimeClass.kind) {
    case "create":
      await unless(["AlreadyExists"], kube.create(RUNTIME_CLASSES, runtimeClass.object, {}, signal));
      return;
    case "update":
      await unless(GONE, kube.update(RUNTIME_CLASSES, runtimeClass.object, {}, signal));
      return;
    case "delete":
      await unless(GONE, kube.delete(RUNTIME_CLASSES, { name: runtimeClass.name }, { uid: runtimeClass.uid }, signal));
      return;
    case "none":
    case "conflict":
  }
}

/** The UID fences a Node of the same name: the server answers 409 or 422 when it is another one. */
async function patchNode({ kube, cache }: Writer, patch: NodePatch, signal: AbortSignal): Promise<void> {
  const { name, uid, labels, annotations } = patch;
  const body = { metadata: { uid, labels, annotations } };
  const cached = cache.nodes.store.get(name);
  const after = await unless([...GONE, "Invalid"], kube.patch(NODES, { name }, { kind: "merge", body }, signal));
  if (after !== undefined && cached !== undefined) cache.writtenNodes.set(cached, nodeView(after));
}

async function createJob({ kube, cache, settings }: Writer, order: JobOrder, signal: AbortSignal): Promise<void> {
  const job = jobFor(order, settings);
  // Made by us in an earlier pass, or by the leader before us.
  const made = await unless(["AlreadyExists"], kube.create(NEW_JOBS, job, {}, signal));
  if (made === undefined || cache.jobs.store.get(`${settings.namespace}/${job.metadata.name}`) !== undefined) return;
  cache.expectedJobs.add(jobView(made), Date.now());
}

async function deleteJob(
  { kube, settings }: Writer,
  { name, uid }: { readonly name: string; readonly uid: string },
  signal: AbortSignal,
): Promise<void> {
  const options = { uid, propagation: "Background" } as const;
  await unless(GONE, kube.delete(JOBS, { name, namespace: settings.namespace }, options, signal));
}

const GONE: readonly KubeErrorCode[] = ["NotFound", "Conflict"];

async function unless<T>(codes: readonly KubeErrorCode[], answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isKubeError(error, ...codes)) return undefined;
    throw error;
  }
}
