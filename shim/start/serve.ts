import { rmSync } from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";
import { OomWatches } from "../cgroup/oom-watch.ts";
import { readCgroupMounts } from "../cgroup/paths.ts";
import { EventPublisher } from "../events/publisher.ts";
import type { Flags } from "../flags.ts";
import { Reaper } from "../linux/reaper.ts";
import { becomeSubreaper } from "../linux/subreaper.ts";
import type { TaskHost } from "../task/container.ts";
import { executorFiles } from "../task/executor-files.ts";
import { taskServices } from "../task/methods.ts";
import { TaskService } from "../task/service.ts";
import { TtrpcServer } from "../ttrpc/server.ts";
import { FifoLog } from "./log-fifo.ts";

/** A shim that is never asked for a container ends after so many milliseconds. */
const UNUSED_MS = 5 * 60_000;

/** How long the last events may take, in milliseconds. */
const FLUSH_MS = 5000;

export interface ServeCommand {
  readonly flags: Flags;
  readonly listener: Server;
  /** Of the listener's socket. */
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the group's first container. */
  readonly bundle: string;
}

/** Serves containerd on a socket, until the last container is gone and all is cleaned up. */
export async function serve({ flags, listener, path, env, bundle }: ServeCommand): Promise<void> {
  const log = new FifoLog(join(bundle, "log"), flags.id, flags.debug ? "debug" : "info");
  const host = openHost(flags, env, log);
  const task = new TaskService(host);
  const { promise: unneeded, resolve: shutdown } = Promise.withResolvers<void>();
  const server = new TtrpcServer(taskServices(host, task, { pid: process.pid, shutdown }));
  server.serve(listener);
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);
  process.on("SIGTERM", () => {
    if (task.isEmpty) shutdown();
    else log.warn("SIGTERM is not obeyed: there are containers");
  });
  const unused = setTimeout(() => {
    if (task.isEmpty) shutdown();
  }, UNUSED_MS);
  log.debug("Serving", { path });
  await unneeded;
  clearTimeout(unused);
  rmSync(path, { force: true });
  await Promise.all([server.close(), host.publisher.flush(FLUSH_MS)]);
  host.publisher.close();
}

function openHost({ namespace, address }: Flags, env: ServeCommand["env"], log: FifoLog): TaskHost {
  becomeSubreaper();
  const reaper = new Reaper();
  reaper.start();
  const publisher = new EventPublisher({
    address: env["TTRPC_ADDRESS"] ?? `${address}.ttrpc`,
    namespace,
    onProblem: (message, reason) => {
      log.warn(message, { reason });
    },
  });
  return {
    namespace,
    reaper,
    publisher,
    oomWatches: new OomWatches(),
    cgroupMounts: readCgroupMounts(),
    log,
    env,
    executor: executorFiles(process.execPath),
  };
}
