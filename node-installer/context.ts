import type { Log } from "@rcm/lib/log";
import type { HostLinks } from "./host/links.ts";
import type { Store } from "./host/store.ts";

/** What every operation works with. */
export interface Context {
  readonly store: Store;
  readonly links: HostLinks;
  readonly log: Log;
  /** File that identifies the machine, and whose lock serialises installers. */
  readonly machineIdPath: string;
  /** For candidates and for what commands on the host print; the host sees this folder under the same path. */
  readonly scratch: string;
  /** All that is seen of containerd's configuration: a pod has this folder only. Undefined: the whole host is seen. */
  readonly onlyFolder: string | undefined;
  /** UID of the pod that this program runs in; undefined where that is not known, as when it runs by hand. */
  readonly podUid: string | undefined;
  /** `never`: only files are written, as when a node image is built and containerd does not run. */
  readonly restart: "auto" | "never";
}

/** How long each thing may take, in milliseconds. */
export const DEADLINES = {
  lock: 60_000,
  cri: 10_000,
  criAfterRestart: 60_000,
  command: 20_000,
  restart: 60_000,
  afterRestart: 180_000,
  probe: 45_000,
  rollback: 180_000,
} as const;

/**
 * The dead man's switch fires this many seconds after it was armed. Longer than restart, CRI and both probes may take
 * together, so that it never races with an installer that is alive.
 */
export const DEAD_MAN_SECONDS = 240;
