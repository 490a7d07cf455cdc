import { closeSync, openSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parsePairs } from "./parse-values.ts";
import type { CgroupPaths } from "./paths.ts";
import { SmallFiles } from "./read-file.ts";

const POLL_MS = 1000;

/** How long the kernel may take to signal that a cgroup was removed. */
const REMOVAL_MS = 100;
const REMOVAL_LOOK_MS = 10;

/** An eventfd. */
export interface Signals {
  readonly fd: number;
  /** Signals since the last call. */
  take(): number;
  close(): void;
}

/**
 * The watches of a process. They are polled together, by one timer, which is there only while there are watches and
 * does not keep the process alive; one read takes about 10 µs.
 *
 * Systemd removes a container's cgroup as soon as it is empty, often before the end of the last process is seen here. So
 * with version 1 the kernel also signals to an eventfd, which outlasts the cgroup: once when memory has run out, and once
 * when the cgroup is removed.
 */
export class OomWatches {
  readonly #watches = new Set<OomWatch>();
  readonly #files = new SmallFiles();
  readonly #makeSignals: () => Signals;
  #timer: NodeJS.Timeout | undefined;

  constructor(makeSignals: () => Signals) {
    this.#makeSignals = makeSignals;
  }

  /**
   * Calls `onOom` when the kernel has killed processes in the container for want of memory, from now on: within a
   * second, or in the watch's `check` or `checkAtEnd`.
   */
  watch(paths: CgroupPaths, onOom: () => void): OomWatch {
    const watch = new OomWatch({
      read: () => this.#killsOf(paths),
      signals: paths.version === 1 ? signalsOf(paths.folders.get("memory"), this.#makeSignals) : undefined,
      onOom,
      onClose: () => {
        this.#watches.delete(watch);
        this.#schedule();
      },
    });
    this.#watches.add(watch);
    this.#schedule();
    return watch;
  }

  #schedule(): void {
    if (this.#watches.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    if (this.#watches.size > 0) this.#timer ??= setInterval(() => this.#poll(), POLL_MS).unref();
  }

  #poll(): void {
    for (const watch of this.#watches) watch.check();
  }

  /** `undefined`: the cgroup is gone. */
  #killsOf(paths: CgroupPaths): bigint | undefined {
    const folder = paths.version === 2 ? paths.folder : paths.folders.get("memory");
    if (folder === undefined) return undefined;
    const text = this.#files.text(`${folder}/${paths.version === 2 ? "memory.events" : "memory.oom_control"}`);
    return parsePairs(text).get("oom_kill");
  }
}

/** `undefined`: the cgroup is gone already, or has no memory controller. */
function signalsOf(folder: string | undefined, makeSignals: () => Signals): Signals | undefined {
  if (folder === undefined) return undefined;
  const signals = makeSignals();
  try {
    const file = openSync(`${folder}/memory.oom_control`, "r");
    try {
      writeFileSync(`${folder}/cgroup.event_control`, `${signals.fd} ${file}`, { flag: "r+" });
    } finally {
      closeSync(file);
    }
    return signals;
  } catch {
    signals.close();
    return undefined;
  }
}

interface WatchParts {
  readonly signals: Signals | undefined;
  readonly read: () => bigint | undefined;
  readonly onOom: () => void;
  readonly onClose: () => void;
}

/** One container's. Made by `OomWatches`. */
export class OomWatch {
  readonly #parts: WatchParts;
  #seen: bigint;
  #hasTold = false;
  #isClosed = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#seen = parts.read() ?? 0n;
  }

  /** Looks now. Whether there were kills since the last look. */
  check(): boolean {
    const kills = this.#isClosed ? undefined : this.#parts.read();
    if (kills === undefined || kills <= this.#seen) return false;
    this.#seen = kills;
    this.#tell();
    return true;
  }

  /**
   * The last look, at the container's end, when its cgroup may be gone. Whether there ever were kills.
   *
   * @param wasKilled whether its first process was: worth waiting for a late signal.
   */
  async checkAtEnd(wasKilled: boolean): Promise<boolean> {
    const { signals, read } = this.#parts;
    this.check();
    if (this.#hasTold || signals === undefined || read() !== undefined) return this.#hasTold;
    if (await isAmong(signals, wasKilled ? REMOVAL_MS : 0)) this.#tell();
    return this.#hasTold;
  }

  #tell(): void {
    this.#hasTold = true;
    this.#parts.onOom();
  }

  close(): void {
    this.#isClosed = true;
    this.#parts.signals?.close();
    this.#parts.onClose();
  }
}

/** Whether there is another signal than the one of the removal, which may come later. */
async function isAmong(signals: Signals, timeoutMs: number): Promise<boolean> {
  let count = signals.take();
  for (let waitedMs = 0; count === 1 && waitedMs < timeoutMs; waitedMs += REMOVAL_LOOK_MS) {
    await delay(REMOVAL_LOOK_MS);
    count += signals.take();
  }
  return count > 1;
}
