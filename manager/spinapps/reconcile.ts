import { isDeepStrictEqual } from "node:util";
import { messageOf } from "@rcm/lib/errors";
import { isKubeError } from "@rcm/lib/kube";
import type { Outcome } from "../outcome.ts";
import { announcementOf } from "./announce.ts";
import { spinIdFromKey, type SpinId } from "./app-id.ts";
import { chooseExecutor } from "./choose-executor.ts";
import { fingerprint } from "./fingerprint.ts";
import type { Memo } from "./memo.ts";
import { areCurrent, childrenOf, configSecretsOf, objectsOf, troublesOf } from "./observe.ts";
import type { Operator } from "./operator.ts";
import { isOurs, planCleanUp, planSpinApp, type Observed, type Prepared, type Step } from "./plan.ts";
import { isProblem, prepare } from "./prepare.ts";
import type { Problem } from "./problem.ts";
import { referencesOf } from "./references.ts";
import { spinApps } from "./resources.ts";
import { isServerError, nameConflict, POLL_MS, serverProblem, setbackOf, type Setback } from "./setback.ts";
import {
  isDeleting,
  spinView,
  type ExecutorObject,
  type SpinAppObject,
  type SpinAppStatusJson,
} from "./spinapp-object.ts";
import { statusOf } from "./status.ts";
import { caSecretName } from "./volumes.ts";
import { takeStep } from "./write.ts";

/** A SpinApp on which we work. */
interface Subject {
  readonly key: string;
  readonly id: SpinId;
  readonly app: SpinAppObject;
  readonly executor: ExecutorObject | undefined;
  readonly memo: Memo;
}

/** Brings what belongs to one SpinApp to what its spec says, then says how it is. */
export async function reconcileSpinApp(operator: Operator, key: string, signal: AbortSignal): Promise<Outcome> {
  const id = spinIdFromKey(key);
  const app = operator.cache.app(id, Date.now());
  if (app === undefined || isDeleting(app)) {
    operator.memos.forget(key);
    operator.index.set(key, []);
    return { kind: "done" }; // Owner references clean up.
  }
  const executor = chooseExecutor(id.group, app, operator.cache.candidates(id.namespace))?.executor;
  const subject = { key, id, app, executor, memo: operator.memos.of(key) };
  const setback = await bringOrSay(operator, subject, signal);
  await writeStatus(operator, subject, setback?.problem, signal);
  if (setback === undefined) return { kind: "done" };
  const { problem, retryMs } = setback;
  if (retryMs === undefined) return { kind: "stalled", ...problem };
  return { kind: "wait", afterMs: retryMs, reason: problem.reason };
}

/** An error of the server that lasts is said in the status: nobody would look for it in our log. */
async function bringOrSay(operator: Operator, subject: Subject, signal: AbortSignal): Promise<Setback | undefined> {
  const { memo } = subject;
  try {
    const setback = await bring(operator, subject, signal);
    memo.serverError = undefined;
    return setback;
  } catch (error) {
    const isLasting = memo.serverError === messageOf(error);
    memo.serverError = messageOf(error);
    if (isLasting && isServerError(error)) await writeStatus(operator, subject, serverProblem(error), signal);
    throw error; // It is tried again, less and less often.
  }
}

async function bring(operator: Operator, subject: Subject, signal: AbortSignal): Promise<Setback | undefined> {
  const { id, app, executor } = subject;
  if (executor === undefined) {
    operator.index.set(subject.key, []);
    return { problem: missingExecutor(id, app), retryMs: undefined };
  }
  const prepared = await prepareOnce(operator, { ...subject, executor }, signal);
  if (isProblem(prepared)) return { problem: prepared, retryMs: undefined };
  const observed = observe(operator, { ...subject, executor }, prepared);
  const setback = conflictOf(observed) ?? (await takeSteps(operator, subject, planSpinApp(observed), signal));
  if (setback !== undefined) return setback;
  const after = observe(operator, { ...subject, executor }, prepared);
  return takeSteps(operator, subject, planCleanUp(after), signal);
}

function missingExecutor({ namespace, name }: SpinId, { spec }: SpinAppObject): Problem {
  const executor = spec.executor ?? "";
  const message =
    executor === ""
      ? `spec.executor is empty, and there is no SpinAppExecutor in namespace "${namespace}": create one`
      : `Could not find SpinAppExecutor ${namespace}/${executor}: create it, or change spec.executor of "${name}"`;
  return { reason: "MissingExecutor", message };
}

/** Reads references only when the SpinApp, its executor or one of them has changed. */
async function prepareOnce(
  operator: Operator,
  { key, id, app, executor, memo }: Subject & { readonly executor: ExecutorObject },
  signal: AbortSignal,
): Promise<Prepared | Problem> {
  const { cache, index, kube } = operator;
  const references = referencesOf(app, executor);
  const certificates = caSecretName(executor);
  const mounted = certificates === undefined ? [] : [`Secret/${id.namespace}/${certificates}`];
  index.set(key, [...objectsOf(id, references), ...mounted]); // Before reading: what changes meanwhile brings a pass.
  const input = fingerprint([app.spec, executor.spec]);
  const last = memo.prepared;
  if (last?.input === input && areCurrent(cache, id, references, last.versions) && isThere(operator, id, last.result)) {
    return last.result;
  }
  const { result, versions } = await prepare(kube, { app, executor, references }, signal);
  memo.prepared = { input, versions, result: isProblem(result) ? result : { ...result, toml: undefined } };
  return result;
}

/** Whether the Secret that was made of it is still there. */
function isThere({ cache }: Operator, { namespace }: SpinId, result: Prepared | Problem): boolean {
  if (isProblem(result) || result.secretName === undefined) return true;
  return cache.data("Secret", namespace, result.secretName) !== undefined;
}

function observe(
  { cache }: Operator,
  { id, app, executor }: Subject & { readonly executor: ExecutorObject },
  prepared: Prepared,
): Observed {
  const configSecrets = configSecretsOf(cache, id, app);
  return { id, app, executor, prepared, configSecrets, ...childrenOf(cache, id, Date.now()) };
}

function conflictOf({ id, app, executor, deployment, service }: Observed): Setback | undefined {
  if (deployment !== undefined && !isOurs(deployment, app) && executor.spec.createDeployment) {
    return { problem: nameConflict("Deployment", id.name), retryMs: POLL_MS };
  }
  if (service === undefined || isOurs(service, app)) return undefined;
  return { problem: nameConflict("Service", id.name), retryMs: POLL_MS };
}

async function takeSteps(
  operator: Operator,
  subject: Subject,
  steps: readonly Step[],
  signal: AbortSignal,
): Promise<Setback | undefined> {
  for (const step of steps) {
    try {
      await takeStep(operator, subject, step, signal);
    } catch (error) {
      const setback = setbackOf(step, subject.id.name, error);
      if (setback === undefined) throw error;
      return setback;
    }
  }
  return undefined;
}

async function writeStatus(
  { cache, kube, events }: Operator,
  { id, app, executor }: Subject,
  problem: Problem | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { deployment, service } = childrenOf(cache, id, Date.now());
  const status = statusOf({
    id,
    app,
    executor,
    deployment: isOurs(deployment, app) ? deployment : undefined,
    service: isOurs(service, app) ? service : undefined,
    problem,
    troubles: troublesOf(cache, id),
    now: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
  });
  if (isDeepStrictEqual(app.status, status)) return;
  const news = announcementOf(id, app, status);
  if (news !== undefined) events.record(news);
  const { apps, writtenApps } = cache.group(id.group);
  const key = `${id.namespace}/${id.name}`;
  const over = apps.store.get(key);
  const body = { metadata: { uid: app.metadata.uid }, status: withNulls(app.status, status) };
  try {
    const patch = { kind: "merge", subresource: "status", body } as const;
    const after = await kube.patch(spinApps(id.group), { namespace: id.namespace, name: id.name }, patch, signal);
    writtenApps.set(key, { over, cached: apps.store.get(key), after: spinView(after) }, Date.now());
  } catch (error) {
    if (!isKubeError(error, "NotFound", "Conflict")) throw error; // Deleted, or made anew: the watch shows it.
  }
}

/** In a merge patch, null takes a field away. */
function withNulls(before: SpinAppStatusJson | undefined, after: SpinAppStatusJson): object {
  const gone = Object.keys(before ?? {}).filter((field) => !(field in after));
  return { ...after, ...Object.fromEntries(gone.map((field) => [field, null])) };
}
