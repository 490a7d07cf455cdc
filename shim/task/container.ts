import { join } from "node:path";
import type { Log } from "@rcm/lib/log";
import type { OomWatch, OomWatches } from "../cgroup/oom-watch.ts";
import type { CgroupMounts, CgroupPaths } from "../cgroup/paths.ts";
import type { WasmOfImage } from "../content/wasm-of-image.ts";
import type { EventPublisher } from "../events/publisher.ts";
import type { Reaper } from "../linux/reaper.ts";
import type { PreparedComponents } from "../prepared/prepared-components.ts";
import type { Runc } from "../runc/runc.ts";
import type { StdioRequest } from "../stdio/stdio.ts";
import type { ContainerKind, ContainerTraits } from "./container-traits.ts";
import type { ExecutorFiles } from "./executor-files.ts";
import type { TaskProcess } from "./process.ts";
import type { Readiness } from "./readiness.ts";

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
  /** What a container's image consists of; `undefined` if it has files instead. */
  readonly wasmOfImage: (container: string) => Promise<WasmOfImage | undefined>;
  readonly prepared: PreparedComponents;
}

/** Who shall own the FIFOs of a container's processes. */
export type IoOwner = Pick<StdioRequest, "ioUid" | "ioGid">;

/** A container that this shim has. */
export interface Container {
  readonly id: string;
  readonly bundle: string;
  /** Id of the first container of its pod, which may be its own. */
  readonly pod: string;
  readonly kind: ContainerKind;
  readonly traits: ContainerTraits;
  readonly runc: Runc;
  readonly ioOwner: IoOwner;
  readonly init: TaskProcess;
  readonly execs: Map<string, TaskProcess>;
  /** Where its processes are counted and limited. */
  readonly cgroup: CgroupPaths;
  readonly oomWatch: OomWatch;
  /** When its program is at work; only the executor says so. */
  readonly readiness: Readiness | undefined;
  /** What is to be done once it runs, for later containers. */
  readonly afterStart: () => void;
}

/** Where containerd mounts the container's file system. */
export function rootfsOf(bundle: string): string {
  return join(bundle, "rootfs");
}

/** Where console sockets are made: runc's shim uses the folder for temporary files, which may have a long name. */
export const CONSOLE_FOLDER = "/run/containerd/s";
