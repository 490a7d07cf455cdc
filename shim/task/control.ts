import { killAll } from "../cgroup/kill-all.ts";
import { pidsIn } from "../cgroup/pids.ts";
import { sendSignal } from "../linux/signal.ts";
import type { UpdateTaskRequest } from "../proto/task.ts";
import { TtrpcError } from "../ttrpc/status.ts";
import type { Container, TaskHost } from "./container.ts";
import type { TaskProcess } from "./process.ts";
import { publishEvent } from "./publish-event.ts";
import { RUNC_MS } from "./runc-limit.ts";

const SIGKILL = 9;

const MAX_RESOURCES_BYTES = 1024 * 1024;

/** Signals are 1 to 64; 0 only asks whether the process is there. */
const MAX_SIGNAL = 64;

/**
 * Sends a signal to a process, or to all of its container.
 *
 * @throws {TtrpcError} `NOT_FOUND` if it has ended, which containerd takes as success; `FailedPrecondition` if it has not begun.
 */
export async function killProcess(
  { cgroupMounts }: TaskHost,
  container: Container,
  process: TaskProcess,
  { signal, all }: { readonly signal: number; readonly all: boolean },
): Promise<void> {
  if (signal > MAX_SIGNAL) {
    throw new TtrpcError("INVALID_ARGUMENT", `Cannot send signal ${signal}: the last is ${MAX_SIGNAL}`);
  }
  if (process.isOver) throw finished(process);
  if (process.pid === 0) throw process.refusal("send a signal to");
  if (process.state === "paused" || process.state === "pausing") {
    // runc thaws the container if that is what it takes.
    await container.runc.kill(container.id, { signal, all }, AbortSignal.timeout(RUNC_MS));
  } else if (!all) {
    if (!sendSignal(process.pid, signal)) throw finished(process);
  } else if (signal === SIGKILL) {
    await killAll(container.cgroup, cgroupMounts, AbortSignal.timeout(RUNC_MS));
  } else {
    for (const pid of pidsIn(container.cgroup, container.init.pid)) sendSignal(pid, signal);
  }
}

function finished(process: TaskProcess): TtrpcError {
  return new TtrpcError("NOT_FOUND", `Cannot send a signal to ${process.name}: process already finished`);
}

export async function pauseContainer(host: TaskHost, { id, init, runc }: Container): Promise<void> {
  init.move("pausing", "pause");
  try {
    await runc.pause(id, AbortSignal.timeout(RUNC_MS));
  } catch (error) {
    init.back("pausing", "running");
    throw error;
  }
  init.back("pausing", "paused");
  publishEvent(host, "/tasks/paused", { containerId: id });
}

export async function resumeContainer(host: TaskHost, { id, init, runc }: Container): Promise<void> {
  if (init.state !== "paused") throw init.refusal("resume");
  await runc.resume(id, AbortSignal.timeout(RUNC_MS));
  init.back("paused", "running");
  publishEvent(host, "/tasks/resumed", { containerId: id });
}

/** Changes limits of a container that runs: its resources as the OCI specification has them, in JSON. */
export async function updateContainer({ id, runc }: Container, { resources }: UpdateTaskRequest): Promise<void> {
  const json = Buffer.from(resources?.value ?? []).toString("utf8");
  if (json === "" || json.length > MAX_RESOURCES_BYTES) {
    throw new TtrpcError(
      "INVALID_ARGUMENT",
      `Cannot update container "${id}": its resources have ${json.length} bytes, and may have 1 to ${MAX_RESOURCES_BYTES}`,
    );
  }
  await runc.update(id, json, AbortSignal.timeout(RUNC_MS));
}
