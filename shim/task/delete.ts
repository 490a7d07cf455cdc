import { messageOf } from "@rcm/lib/errors";
import { unmountRecursive } from "../linux/unmount.ts";
import { timestampFromDate } from "../proto/timestamp.ts";
import { RuncError } from "../runc/errors.ts";
import { rootfsOf } from "./container.ts";
import type { Container, TaskHost } from "./container.ts";
import { orTimeout } from "./or-timeout.ts";
import type { TaskProcess } from "./process.ts";
import { publishEvent } from "./publish-event.ts";
import { RUNC_MS } from "./runc-limit.ts";
import type { Exit } from "./state.ts";

/** How long a reader may take for the last output, in milliseconds: as long as runc's shim waits. */
const OUTPUT_MS = 10_000;

/** How long a killed process may take to end, in milliseconds. */
const KILLED_MS = 10_000;

/** Takes away a container that has ended or was never started. */
export async function deleteContainer(host: TaskHost, container: Container): Promise<Exit> {
  const { id, init, runc, oomWatch } = container;
  if (init.state !== "created" && init.state !== "stopped") throw init.refusal("delete");
  await unlessGone(runc.delete(id, { force: init.state === "created" }, AbortSignal.timeout(RUNC_MS)));
  await orTimeout(init.exited, KILLED_MS, `Cannot delete ${init.name}: its process ${init.pid} does not end`);
  const exit = init.markDeleted();
  oomWatch.close();
  await init.endOutputWithin(OUTPUT_MS);
  await Promise.all([...container.execs.values()].map(async (process) => process.endOutputWithin(OUTPUT_MS)));
  unmount(host, container);
  publishEvent(host, "/tasks/delete", {
    containerId: id,
    pid: init.pid,
    exitStatus: exit.status,
    exitedAt: timestampFromDate(exit.at),
    id: "",
  });
  return exit;
}

/** What runc does not know any more is gone: after a checkpoint that ended it, or when somebody took it away by hand. */
async function unlessGone(deletion: Promise<void>): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!(error instanceof RuncError && error.code === "NotFound")) throw error;
  }
}

/** A disk that does not answer must not keep the container here for ever: it is deleted already. */
function unmount({ log }: TaskHost, { id, bundle }: Container): void {
  try {
    unmountRecursive(rootfsOf(bundle));
  } catch (error) {
    log.warn("The root of a deleted container stays mounted", { container: id, reason: messageOf(error) });
  }
}

/** Forgets a process that was executed in a container, which has ended or was never started. */
export async function deleteExec({ execs }: Container, process: TaskProcess): Promise<Exit> {
  if (process.state === "created") process.stop({ status: 0, at: new Date() });
  const exit = process.markDeleted();
  await process.endOutputWithin(OUTPUT_MS);
  execs.delete(process.execId);
  return exit;
}
