import type { DBusConnection, MethodCall } from "./dbus-connection.ts";
import type { DBusMessage } from "./dbus-message.ts";
import { textFrom } from "./dbus-value.ts";
import { callManager, pathFromManager } from "./manager-call.ts";
import { orAborted } from "./or-aborted.ts";
import { isRefusal } from "./systemd-error.ts";
import { requireUnitName } from "./unit-name.ts";
import { serviceProperties } from "./unit-properties.ts";
import { withTimeout } from "./with-timeout.ts";

/**
 * How a job ended: `done`, `canceled` (another order took its place), `timeout`, `failed`, `dependency`, `skipped`,
 * `invalid`, `assert`, `unsupported`, `collected`, `once`.
 *
 * @see {@link https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.systemd1.html#Signals}
 */
export type JobResult = string;

/** How long to wait for the end of a job, in milliseconds. */
export interface JobWait {
  readonly timeoutMs: number;
}

export interface RestartOutcome {
  readonly jobResult: JobResult;
  /** Right after the job: `active` is good; a unit with `Restart=` that failed is `activating`, `auto-restart`. */
  readonly activeState: string;
  readonly subState: string;
  /** The service's `Result`. */
  readonly unitResult: string;
}

/**
 * Restarts a service and waits for the end of that job. A restart that fails is a result, not an error.
 *
 * @throws {SystemdError} `TIMEOUT` (the job may go on), `REFUSED`, `DISCONNECTED` (it may have been restarted or not).
 */
export async function restartUnit(
  bus: DBusConnection,
  unit: string,
  wait: JobWait,
  signal: AbortSignal,
): Promise<RestartOutcome> {
  requireUnitName(unit);
  const order = { member: "RestartUnit", signature: "ss", args: [unit, "replace"] };
  const jobResult = await runJob(bus, { order, task: `restart unit "${unit}"`, ...wait }, signal);
  const { activeState, subState, result } = await serviceProperties(bus, unit, signal);
  return { jobResult, activeState, subState, unitResult: result };
}

/**
 * Stops a unit and waits for the end of that job.
 *
 * @returns undefined if there is no such unit.
 */
export async function stopUnit(
  bus: DBusConnection,
  unit: string,
  wait: JobWait,
  signal: AbortSignal,
): Promise<JobResult | undefined> {
  requireUnitName(unit);
  const order = { member: "StopUnit", signature: "ss", args: [unit, "replace"] };
  return ignoreMissing(runJob(bus, { order, task: `stop unit "${unit}"`, ...wait }, signal));
}

/** Forgets that a unit failed, and how often: a new start is not held back by its limit. No unit, nothing to forget. */
export async function resetFailed(bus: DBusConnection, unit: string, signal: AbortSignal): Promise<void> {
  requireUnitName(unit);
  await ignoreMissing(callManager(bus, { member: "ResetFailedUnit", signature: "s", args: [unit] }, signal));
}

/**
 * Gives an order that makes a job, and waits until that job is removed.
 *
 * @param order.order a method that answers with the path of the job.
 */
export async function runJob(
  bus: DBusConnection,
  {
    order,
    task,
    timeoutMs,
  }: JobWait & { readonly order: Omit<MethodCall, "path" | "interface">; readonly task: string },
  signal: AbortSignal,
): Promise<JobResult> {
  // Before the order: the signal may come in with the answer. A private connection gets all signals unasked.
  const removed = new Map<string, JobResult>();
  let onRemoved = Promise.withResolvers<undefined>();
  const unsubscribe = bus.onSignal((message) => {
    const end = jobEndFrom(message);
    if (end === undefined) return;
    removed.set(end.job, end.result);
    onRemoved.resolve(undefined);
    onRemoved = Promise.withResolvers();
  });
  try {
    return await withTimeout({ task, timeoutMs }, signal, async (either) => {
      const job = await pathFromManager(bus, { ...order, timeoutMs }, either);
      for (;;) {
        const result = removed.get(job);
        if (result !== undefined) return result;
        const lost = await orAborted(Promise.race([onRemoved.promise, bus.ended]), either);
        if (lost !== undefined) throw lost;
      }
    });
  } finally {
    unsubscribe();
  }
}

function jobEndFrom(message: DBusMessage): { readonly job: string; readonly result: JobResult } | undefined {
  if (message.member !== "JobRemoved" || message.signature !== "uoss") return undefined;
  const [, job, , result] = message.body;
  return { job: textFrom(job), result: textFrom(result) };
}

async function ignoreMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isRefusal(error, "org.freedesktop.systemd1.NoSuchUnit")) return undefined;
    throw error;
  }
}
