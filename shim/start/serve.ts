import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Publisher } from "../events/publisher.ts";
import type { Flags } from "../flags.ts";
import { Reaper } from "../linux/reaper.ts";
import { becomeSubreaper } from "../linux/subreaper.ts";
import { executorFiles } from "../task/executor-files.ts";
import { taskServices } from "../task/methods.ts";
import { TaskService } from "../task/service.ts";
import { TtrpcServer } from "../ttrpc/server.ts";
import { FifoLog } from "./log-fifo.ts";

/** The listening socket that `start` hands on. */
const SOCKET_FD = 3;

/** A shim that is never asked for a container ends after so many milliseconds. */
const UNUSED_MS = 5 * 60_000;

/** How long the last events may take, in milliseconds. */
const FLUSH_MS = 5000;

export interface ServeCommand {
  readonly flags: Flags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
}

/** Serves containerd until it says that nobody needs this shim any more. */
export async function serve({ flags, env, folder }: ServeCommand): Promise<void> {
  const { namespace, id, socket } = flags;
  const log = new FifoLog(join(folder, "log"), id, flags.debug ? "debug" : "info");
  becomeSubreaper();
  const reaper = new Reaper();
  reaper.start();
  const publisher = new Publisher({ address: env["TTRPC_ADDRESS"] ?? `${flags.address}.ttrpc`, namespace, log });
  const host = { namespace, reaper, publisher, log, env, executor: executorFiles(process.execPath) };
  const task = new TaskService(host);
  const { promise: done, resolve: shutdown } = Promise.withResolvers<void>();
  const server = new TtrpcServer(taskServices(host, task, { pid: process.pid, shutdown }));
  const listener = createServer();
  server.serve(listener);
  listener.listen({ fd: SOCKET_FD });
  process.chdir("/"); // The bundle goes before the shim.
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);
  process.on("SIGTERM", () => {
    if (task.isEmpty) shutdown();
    else log.warn("SIGTERM is not obeyed: there are containers");
  });
  const unused = setTimeout(() => {
    if (task.isEmpty) shutdown();
  }, UNUSED_MS);
  log.debug("Serving", { socket });
  await done;
  clearTimeout(unused);
  rmSync(socket, { force: true });
  await Promise.all([server.close(), publisher.flush(AbortSignal.timeout(FLUSH_MS))]);
  publisher.close();
}
