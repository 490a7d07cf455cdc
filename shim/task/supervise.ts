import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "@rcm/lib/errors";
import { killAll } from "../cgroup/kill-all.ts";
import { timestampFromDate } from "../proto/timestamp.ts";
import type { Container, TaskHost } from "./container.ts";
import type { TaskProcess } from "./process.ts";
import { publishEvent } from "./publish-event.ts";
import type { Exit } from "./state.ts";

/** How long the end of the first process waits for those that were executed beside it, in milliseconds. */
const EXEC_END_MS = 2000;

/** And before that for those whose start is under way: runc soon finds that it cannot, or that it has. */
const EXEC_START_MS = 10_000;

/**
 * How long the end waits for containerd to take the news that memory ran out, in milliseconds: without it containerd tells
 * kubelet of an error only.
 */
const OOM_MS = 2000;

/**
 * How long the end waits after that, in milliseconds: containerd acts on the news after it has taken it, behind other
 * news, and on the end at once. Kubelet, which looks once a second, would not look again.
 */
const OOM_ACTED_MS = 500;

/** By SIGKILL, as is what the kernel ends for want of memory. */
const KILLED = 128 + 9;

/** containerd's status for an end that nobody has seen. */
const UNKNOWN_EXIT = 255;

/** How long the processes that outlive the first one may take to end, in milliseconds. */
const KILL_MS = 5000;

/** Follows the container's first process to its end, which is the container's last event but its deletion. */
export async function superviseInit(host: TaskHost, container: Container): Promise<void> {
  const exit = await exitOf(host, container.init);
  await beforeEnd(host, container, exit).catch((error: unknown) => {
    host.log.error("What is left of a container was not looked after", { container: container.id, error });
  });
  await end(host, container.init, exit);
}

async function beforeEnd(host: TaskHost, container: Container, exit: Exit): Promise<void> {
  const { execs } = container;
  await tellOom(host, container, exit).catch((error: unknown) => {
    host.log.warn("Whether memory ran out is not known", { container: container.id, reason: messageOf(error) });
  });
  if (!container.traits.ownPids) {
    await killAll(container.cgroup, host.cgroupMounts, AbortSignal.timeout(KILL_MS)).catch((error: unknown) => {
      host.log.warn("Processes are left", { container: container.id, reason: messageOf(error) });
    });
  }
  const others = [...execs.values()].filter(({ isUnderWay }) => isUnderWay);
  await allWithin(
    others.map(async ({ started }) => started),
    EXEC_START_MS,
  );
  await allWithin(
    others.map(async ({ exited }) => exited),
    EXEC_END_MS,
  );
}

async function tellOom({ publisher }: TaskHost, { oomWatch }: Container, { status }: Exit): Promise<void> {
  if (!(await oomWatch.checkAtEnd(status === KILLED))) return;
  await publisher.flush(OOM_MS);
  await sleep(OOM_ACTED_MS);
}

/** Waits for all, but no longer than `ms` milliseconds. */
async function allWithin(promises: readonly Promise<unknown>[], ms: number): Promise<void> {
  const late = new AbortController();
  await Promise.race([Promise.all(promises), sleep(ms, undefined, late).catch(() => undefined)]);
  late.abort();
}

export async function superviseExec(host: TaskHost, process: TaskProcess): Promise<void> {
  await end(host, process, await exitOf(host, process));
}

/** However it ended: containerd must be told of an end, or it waits for ever. */
async function exitOf(host: TaskHost, process: TaskProcess): Promise<Exit> {
  try {
    return await host.reaper.exitOf(process.pid);
  } catch (error) {
    host.log.error("Nobody knows how a process ended", { process: process.name, error });
    return { status: UNKNOWN_EXIT, at: new Date() };
  } finally {
    process.isReaped = true;
  }
}

/** Containerd must learn of a start before it learns of the end. */
async function end(host: TaskHost, process: TaskProcess, exit: Exit): Promise<void> {
  await process.started;
  process.endOutput().catch((error: unknown) => {
    host.log.warn("Output may be lost", { process: process.name, reason: messageOf(error) });
  });
  process.stop(exit);
  publishEvent(host, "/tasks/exit", {
    containerId: process.containerId,
    id: process.execId === "" ? process.containerId : process.execId,
    pid: process.pid,
    exitStatus: exit.status,
    exitedAt: timestampFromDate(exit.at),
  });
}
