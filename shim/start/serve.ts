import { rmSync } from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";
import { messageOf } from "@rcm/lib/errors";
import { OomWatches } from "../cgroup/oom-watch.ts";
import { readCgroupMounts } from "../cgroup/paths.ts";
import type { CgroupMounts } from "../cgroup/paths.ts";
import { ContentError } from "../content/errors.ts";
import type { WasmOfImage, WasmQuery } from "../content/wasm-of-image.ts";
import { EventPublisher } from "../events/publisher.ts";
import type { Flags } from "../flags.ts";
import { EventCounter } from "../linux/event-counter.ts";
import { Reaper } from "../linux/reaper.ts";
import { becomeSubreaper } from "../linux/subreaper.ts";
import { PreparedComponents } from "../prepared/prepared-components.ts";
import type { TaskHost } from "../task/container.ts";
import { executorFiles } from "../task/executor-files.ts";
import { taskServices } from "../task/methods.ts";
import { TaskService } from "../task/service.ts";
import { TtrpcServer } from "../ttrpc/server.ts";
import { IdleEnd } from "./idle-end.ts";
import { FifoLog } from "./log-fifo.ts";
import { logUnhandled } from "./log-unhandled.ts";
import { Rest } from "./rest.ts";
import { NODE_GROUP, socketPath } from "./socket-address.ts";

/** A shim that is not asked for a container after its start ends after so many milliseconds. */
const UNUSED_MS = 5 * 60_000;

/**
 * One that was asked, and has none any more. The node's shim also waits so long when it is told to end: a pod may just
 * have found it, which then finds nobody.
 */
const EMPTY_MS = 10_000;

/** A shim rests so often, in milliseconds, while commands are run in its containers: probes never end. */
const BUSY_REST_MS = 60_000;

/** How long the last events may take, in milliseconds. */
const FLUSH_MS = 5000;

/** What images that have no files consist of: once for all containers of the node. */
const CACHES = {
  layers: { folder: "/var/lib/containerd-shim-spin-v2/layers", maxBytes: 4 * 1024 ** 3 },
  apps: { folder: "/var/lib/containerd-shim-spin-v2/apps", maxBytes: 4 * 1024 ** 3 },
};

/** What was prepared of components, and what lives only as long as that takes. */
const PREPARED = {
  folder: "/var/lib/containerd-shim-spin-v2/prepared",
  runFolder: "/run/containerd-shim-spin-v2/prepare",
  maxBytes: 4 * 1024 ** 3,
};

export interface ServeCommand {
  readonly flags: Flags;
  readonly listener: Server;
  /** Of the listener's socket. */
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the group's first container. */
  readonly bundle: string;
  /** The soft limit of open files that containers start with; undefined: the shim's own. */
  readonly openFiles: number | undefined;
}

/** Serves containerd on a socket, until the last container is gone and all is cleaned up. */
export async function serve({ flags, listener, path, env, bundle, openFiles }: ServeCommand): Promise<void> {
  const log = new FifoLog(join(bundle, "log"), flags.id, flags.debug ? "debug" : "info");
  const host = openHost(flags, env, { log, reaper: new Reaper({ openFiles }) });
  const task = new TaskService(host);
  const { promise: unneeded, resolve: shutdown } = Promise.withResolvers<void>();
  const idle = new IdleEnd(() => task.isEmpty, shutdown);
  const rest = new Rest((error) => {
    log.warn("Memory is not given back", { error });
  });
  function expectWork(): void {
    idle.expectWork(EMPTY_MS);
  }
  const isNodes = path === socketPath({ ...flags, group: NODE_GROUP });
  if (isNodes) {
    listener.on("connection", () => {
      idle.expectWorkAtLeast(EMPTY_MS);
    });
  }
  const calls = {
    pid: process.pid,
    shutdown: isNodes ? expectWork : shutdown,
    creating: (created: string) => {
      log.offer(join(created, "log"));
    },
    started: () => {
      rest.expect();
    },
    executed: () => {
      rest.expectWithin(BUSY_REST_MS);
    },
    deleted: expectWork,
  };
  logUnhandled(process, log);
  const server = new TtrpcServer(taskServices(host, task, calls));
  server.serve(listener);
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);
  process.on("SIGTERM", () => {
    if (task.isEmpty) shutdown();
    else log.warn("SIGTERM is not obeyed: there are containers");
  });
  idle.expectWork(UNUSED_MS);
  log.debug("Serving", { path });
  await unneeded;
  rmSync(path, { force: true });
  await Promise.all([server.close(), host.publisher.flush(FLUSH_MS), host.prepared.stop()]);
  host.publisher.close();
}

/** An image that cannot be looked at may still be one of files. */
async function findWasm(query: WasmQuery, log: FifoLog): Promise<WasmOfImage | undefined> {
  const { wasmOfImage } = await import("../content/wasm-of-image.ts");
  try {
    return await wasmOfImage(query);
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    log.warn("The image's layers cannot be looked at", { container: query.container, reason: messageOf(error) });
    return undefined;
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof ContentError && error.code === "UNREACHABLE";
}

function openHost(
  { namespace, address }: Flags,
  env: ServeCommand["env"],
  { log, reaper }: { readonly log: FifoLog; readonly reaper: Reaper },
): TaskHost {
  becomeSubreaper();
  reaper.start();
  const publisher = new EventPublisher({
    address: env["TTRPC_ADDRESS"] ?? `${address}.ttrpc`,
    namespace,
    onProblem: (message, reason) => {
      log.warn(message, { reason });
    },
  });
  const executor = executorFiles(process.execPath);
  let cgroupMounts: CgroupMounts | undefined;
  return {
    namespace,
    reaper,
    publisher,
    oomWatches: new OomWatches(
      (onSignal) => new EventCounter(onSignal),
      (error) => {
        log.warn("It is not known whether a container has run out of memory", { error });
      },
    ),
    get cgroupMounts() {
      return (cgroupMounts ??= readCgroupMounts());
    },
    log,
    env,
    executor,
    prepared: new PreparedComponents({ ...PREPARED, ...executor, reaper, log }),
    wasmOfImage: async (container) => findWasm({ address, namespace, container, caches: CACHES }, log),
  };
}
