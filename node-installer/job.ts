import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ARTIFACT_FILE, HEALTH_REASONS } from "@rcm/lib/install-job";
import type { InstallReport, InstallRequest } from "@rcm/lib/install-job";
import type { Context } from "./context.ts";
import { exists } from "./host/atomic-file.ts";
import { install } from "./install.ts";
import type { Result } from "./install.ts";
import { readMachineId } from "./machine.ts";
import { preflight } from "./preflight.ts";
import { readRecord, type ShimRecord } from "./record.ts";
import { failureReport, reasonOf } from "./report.ts";
import { readJournal } from "./transaction/journal.ts";
import { bootId } from "./transaction/transact.ts";
import { RolledBackError } from "./transaction/transact.ts";
import { InUseError, uninstall } from "./uninstall.ts";

/** What the containers of a Job do, in their order. `fetch` is in `fetch-job.ts`: it has nothing to do with the host. */
type HostStage = "preflight" | "install" | "uninstall";

/** `preflight` leaves the digest here when the store has the executable already, and `fetch` then fetches nothing. */
const STORED_FILE = "stored";

export interface HostJob {
  readonly context: Context;
  readonly stage: HostStage;
  readonly request: InstallRequest;
  readonly artifactDir: string;
}

/** Runs one stage; the report says how it went. */
export async function runHostStage(job: HostJob, signal: AbortSignal): Promise<InstallReport> {
  const from = performance.now();
  const base = { operation: job.stage, hash: job.request.hash } as const;
  try {
    const result = await stageResult(job, signal);
    const durationMs = Math.round(performance.now() - from);
    return { schema: 1, ...base, ok: true, rolledBack: false, durationMs, ...(await hostFacts(job)), ...result };
  } catch (error) {
    job.context.log.error("Stage failed", { stage: job.stage, error });
    const durationMs = Math.round(performance.now() - from);
    const failed = failureReport({ ...base, durationMs }, error);
    return { ...failed, ...(await hostFacts(job)), ...(await stateAfterFailure(job, error)) };
  }
}

async function stageResult(job: HostJob, signal: AbortSignal): Promise<Result> {
  const { context, stage, request, artifactDir } = job;
  if (stage === "preflight") return preflightResult(job, signal);
  if (stage === "uninstall") return uninstall(context, request, signal);
  const artifact = join(artifactDir, ARTIFACT_FILE);
  return install(context, request, (await exists(artifact)) ? artifact : undefined, signal);
}

async function preflightResult({ context, request, artifactDir }: HostJob, signal: AbortSignal): Promise<Result> {
  const digest = await preflight(context, request, signal);
  if (digest === undefined) return { message: "An install can be tried", restarts: 0 };
  await leave(join(artifactDir, STORED_FILE), digest);
  return { message: `The store has ${digest}`, restarts: 0 };
}

/** The next container runs as another user. */
async function leave(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o644);
}

async function hostFacts({ context }: HostJob): Promise<Partial<InstallReport>> {
  try {
    return { machineId: await readMachineId(context.machineIdPath), bootId: await bootId() };
  } catch {
    return {}; // The report is about something else.
  }
}

/** What is on the host now that the change failed: the version before, or nothing. */
async function stateAfterFailure(
  { context, request, stage }: HostJob,
  error: unknown,
): Promise<Partial<InstallReport>> {
  const users = error instanceof InUseError ? { users: error.users } : {};
  const taken = error instanceof RolledBackError ? { rolledBack: true, restarts: error.restarts } : {};
  if (stage === "preflight") return {};
  const before = await readRecord(context.store.root)
    .then(({ shims }) => shims[request.shim])
    .catch(() => undefined);
  if (before === undefined) return { ...users, ...taken };
  const level = await levelAfterFailure(context, before, error);
  return { ...users, ...taken, digest: before.digest, ...(level === undefined ? {} : { level }) };
}

/** What is still known of the version that is on the host; undefined: nothing, since it was proven in another boot. */
async function levelAfterFailure(
  { store }: Context,
  before: ShimRecord,
  error: unknown,
): Promise<InstallReport["level"]> {
  const isProvenBroken = !(error instanceof RolledBackError) && HEALTH_REASONS.has(reasonOf(error));
  const isUnfinished = (await readJournal(store.root).catch(() => "unreadable")) !== undefined;
  if (isProvenBroken || isUnfinished) return "Configured";
  return before.bootId === (await bootId()) ? before.level : undefined;
}

/** The digest that `preflight` left, if any. */
export async function storedDigest(artifactDir: string): Promise<string | undefined> {
  const path = join(artifactDir, STORED_FILE);
  return (await exists(path)) ? (await readFile(path, "utf8")).trim() : undefined;
}
