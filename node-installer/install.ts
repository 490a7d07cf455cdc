import type { InstallReport, InstallRequest } from "@rcm/lib/install-job";
import { DEADLINES } from "./context.ts";
import type { Context } from "./context.ts";
import { InstallError } from "./errors.ts";
import { verifyExecutable } from "./fetch/verify.ts";
import { collectGarbage } from "./garbage.ts";
import { checkChange } from "./gate.ts";
import { lostPods, proveHealth } from "./health.ts";
import { fileDigest, hasBinary, putBinary, removeEmptyFolders } from "./host/store.ts";
import { inspectHost } from "./inspect.ts";
import type { HostFacts } from "./inspect.ts";
import { checkMachine, lockHost } from "./machine.ts";
import { planInstall } from "./plan.ts";
import { readRecord, writeRecord } from "./record.ts";
import type { HostRecord } from "./record.ts";
import { isAsExpected, servedRuntime } from "./runtimes.ts";
import { refuseTaken } from "./taken-handler.ts";
import { recover } from "./transaction/recover.ts";
import { bootId, transact } from "./transaction/transact.ts";
import type { Change, Outcome } from "./transaction/transact.ts";

/** What an operation reports besides what every report has. */
export type Result = Pick<InstallReport, "message" | "restarts"> &
  Partial<Pick<InstallReport, "level" | "digest" | "outageMs" | "users" | "lostPods">>;

/**
 * Puts a shim on this host and proves that it works. Done twice, the second time changes nothing.
 *
 * @param artifact path of the executable, or undefined when the one in the store is to be used.
 */
export async function install(
  context: Context,
  request: InstallRequest,
  artifact: string | undefined,
  signal: AbortSignal,
): Promise<Result> {
  await checkMachine(context.machineIdPath, request.node.machineId);
  const lock = await lockHost(context, signal);
  try {
    await recover(context, signal);
    return await installLocked(context, request, artifact, signal);
  } finally {
    await lock.release();
  }
}

async function installLocked(
  context: Context,
  request: InstallRequest,
  artifact: string | undefined,
  signal: AbortSignal,
): Promise<Result> {
  const record = await readRecord(context.store.root);
  refuseTaken(record, request);
  const facts = await inspectHost(context, signal);
  try {
    const digest = await provideBinary(context, request, artifact, record);
    const change = await planInstall(context, facts, request, digest);
    const outcome = await carryOut({ context, facts, request, digest, change, record }, signal);
    await tidy(context, signal);
    return resultOf(outcome, digest, change);
  } catch (error) {
    await tidy(context, signal);
    throw error;
  }
}

async function provideBinary(
  { store }: Context,
  request: InstallRequest,
  artifact: string | undefined,
  record: HostRecord,
): Promise<string> {
  const { shim } = request;
  if (artifact !== undefined) {
    await verifyExecutable(artifact, request.node.architecture, artifact); // Once more: who fetched it has fewer rights.
    const digest = await fileDigest(artifact);
    await putBinary(store, artifact, digest, shim);
    return digest;
  }
  const known = record.shims[shim]?.digest;
  if (known !== undefined && (await hasBinary(store, known, shim))) return known;
  // `preflight` has seen it there, without the lock: the next try fetches it.
  throw new InstallError(
    "InternalError",
    `The executable of shim "${shim}" has gone from the store: it is tried again`,
  );
}

interface Order {
  readonly context: Context;
  readonly facts: HostFacts;
  readonly request: InstallRequest;
  readonly digest: string;
  readonly change: Change;
  readonly record: HostRecord;
}

async function carryOut(order: Order, signal: AbortSignal): Promise<Outcome> {
  const { context, change, facts } = order;
  if (await isInPlace(order, signal)) {
    const outcome = await verifyOnly(context, change, signal);
    await commitRecord(order, outcome);
    return outcome;
  }
  await checkChange(context, facts, change, signal);
  return transact(context, change, async (outcome) => commitRecord(order, outcome), signal);
}

async function isInPlace({ context, change }: Order, signal: AbortSignal): Promise<boolean> {
  if (change.files.length > 0 || change.link.before !== change.link.after) return false;
  if (context.restart === "never") return true;
  const facts = await context.links.cri.facts(DEADLINES.cri, signal);
  return isAsExpected(servedRuntime(facts, change.expected.handler), change.expected);
}

async function verifyOnly(context: Context, change: Change, signal: AbortSignal): Promise<Outcome> {
  const nothing = { restarts: 0, outageMs: undefined, foldersMade: [] };
  if (context.restart === "never") return { ...nothing, health: { level: "Configured", lost: [] } };
  return { ...nothing, health: await proveHealth(context, { containers: [] }, change.expected, signal) };
}

async function commitRecord({ context, request, digest }: Order, { health, foldersMade }: Outcome): Promise<void> {
  const { artifact, shim, shimUid, handler, hash, options } = request;
  const record = await readRecord(context.store.root);
  const entry = {
    uid: shimUid,
    handler,
    hash,
    digest,
    source: artifact?.sha256 ?? artifact?.location,
    options,
    level: health.level ?? "Configured",
    bootId: await bootId(),
    installedAt: new Date().toISOString(),
  };
  await writeRecord(context.store.root, {
    ...record,
    shims: { ...record.shims, [shim]: entry },
    foldersMade: [...new Set([...record.foldersMade, ...foldersMade])],
  });
}

function resultOf({ restarts, outageMs, health }: Outcome, digest: string, change: Change): Result {
  const lost = health.lost.length === 0 ? "" : `; ended meanwhile: ${health.lost.slice(0, 10).join(", ")}`;
  const done = change.files.length > 0 || change.link.before !== change.link.after ? "Installed" : "Nothing to change";
  return {
    message: `${done}: handler "${change.expected.handler}" starts ${change.link.after ?? ""}${lost}`,
    restarts,
    digest,
    ...(outageMs === undefined ? {} : { outageMs }),
    ...(health.level === undefined ? {} : { level: health.level }),
    ...(health.lost.length === 0 ? {} : { lostPods: lostPods(health.lost) }),
  };
}

/** What nobody needs in the store goes. A failure of that neither undoes an install nor hides why one failed. */
async function tidy(context: Context, signal: AbortSignal): Promise<void> {
  try {
    const record = await readRecord(context.store.root);
    await collectGarbage(context, record, signal);
    if (Object.keys(record.shims).length === 0) await removeEmptyFolders(context.store);
  } catch (error) {
    context.log.warn("Cannot tidy the store", { error });
  }
}
