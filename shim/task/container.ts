import { join } from "node:path";
import type { Log } from "@rcm/lib/log";
import type { OomWatch, OomWatches } from "../cgroup/oom-watch.ts";
import type { CgroupMounts, CgroupPaths } from "../cgroup/paths.ts";
import type { EventPublisher } from "../events/publisher.ts";
import type { Reaper } from "../linux/reaper.ts";
import type { Runc } from "../runc/runc.ts";
import { TtrpcError } from "../ttrpc/status.ts";
import type { ContainerKind, ContainerTraits } from "./container-traits.ts";
import type { ExecutorFiles } from "./executor-files.ts";
import type { TaskProcess } from "./process.ts";

/** What the Task service works with. */
export interface TaskHost {
  readonly namespace: string;
  readonly reaper: Reaper;
  readonly publisher: EventPublisher;
  readonly oomWatches: OomWatches;
  readonly cgroupMounts: CgroupMounts;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly executor: ExecutorFiles;
  /** The component that a container's image consists of, as a file on the node. */
  readonly componentOfImage: (container: string) => Promise<string | undefined>;
}

/** A container that this shim has. */
export interface Container {
  readonly id: string;
  readonly bundle: string;
  readonly kind: ContainerKind;
  readonly traits: ContainerTraits;
  readonly runc: Runc;
  readonly init: TaskProcess;
  readonly execs: Map<string, TaskProcess>;
  /** Where its processes are counted and limited. */
  readonly cgroup: CgroupPaths;
  readonly oomWatch: OomWatch;
}

/** Where containerd mounts the container's file system. */
export function rootfsOf(bundle: string): string {
  return join(bundle, "rootfs");
}

/** Longest time that runc may take for anything, in milliseconds: a node under load is slow, but not dead. */
export const RUNC_MS = 60_000;

/**
 * For what runc does on behalf of a call, whose deadline may be nearer. A lost connection ends nothing: a runc that is
 * killed in the midst can leave a frozen cgroup, and a containerd that comes back takes what was made away itself.
 */
export function runcLimit(call: AbortSignal): AbortSignal {
  const late = new AbortController();
  call.addEventListener(
    "abort",
    () => {
      if (call.reason instanceof TtrpcError && call.reason.code === "DEADLINE_EXCEEDED") late.abort(call.reason);
    },
    { once: true },
  );
  return AbortSignal.any([late.signal, AbortSignal.timeout(RUNC_MS)]);
}

/** Where console sockets are made: runc's shim uses the folder for temporary files, which may have a long name. */
export const CONSOLE_FOLDER = "/run/containerd/s";
