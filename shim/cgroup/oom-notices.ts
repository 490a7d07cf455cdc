import { closeSync, openSync, watch, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { CgroupPaths } from "./paths.ts";

/** An eventfd. */
export interface Signals {
  readonly fd: number;
  /** Signals since the last call. */
  take(): number;
  close(): void;
}

/** Makes an eventfd that tells of each signal. */
export type MakeSignals = (onSignal: () => void) => Signals;

export interface Notices {
  /** Version 1: signalled once when memory has run out, and once when the cgroup is removed, which it outlasts. */
  readonly signals: Signals | undefined;
  readonly close: () => void;
}

const NONE: Notices = { signals: undefined, close: () => undefined };

/** Where the kernel counts kills of a cgroup. `undefined`: it has no memory controller. */
export function countsOf(paths: CgroupPaths): string | undefined {
  if (paths.version === 2) return `${paths.folder}/memory.events`;
  const folder = paths.folders.get("memory");
  return folder === undefined ? undefined : `${folder}/memory.oom_control`;
}

/** Lets the kernel tell of changes of a cgroup's file of version 2. There is nothing to tell of one that is gone. */
export function notifications(file: string, onChange: () => void): Notices {
  try {
    const watcher = watch(file, { persistent: false }, onChange).on("error", () => {
      watcher.close();
    });
    return {
      signals: undefined,
      close: () => {
        watcher.close();
      },
    };
  } catch {
    return NONE;
  }
}

/**
 * Lets the kernel signal that memory has run out in a cgroup of version 1, before it kills. There is nothing to signal of
 * one that is gone.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html#oom-control
 */
export function signalsOf(file: string, makeSignals: MakeSignals, onSignal: () => void): Notices {
  const signals = makeSignals(onSignal);
  function close(): void {
    signals.close();
  }
  try {
    const opened = openSync(file, "r");
    try {
      writeFileSync(`${dirname(file)}/cgroup.event_control`, `${signals.fd} ${opened}`, { flag: "r+" });
    } finally {
      closeSync(opened);
    }
    return { signals, close };
  } catch {
    close();
    return NONE;
  }
}
