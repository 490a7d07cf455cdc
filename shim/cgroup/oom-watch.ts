import { setTimeout as delay } from "node:timers/promises";
import { countsOf, notifications, signalsOf } from "./oom-notices.ts";
import type { MakeSignals, Notices, Signals } from "./oom-notices.ts";
import { parsePairs } from "./parse-values.ts";
import type { CgroupPaths } from "./paths.ts";
import { SmallFiles } from "./read-file.ts";

/** After a signal of version 1, in milliseconds from one look to the next: the kernel signals before it kills. */
const LOOKS_MS: readonly number[] = [0, 10, 100, 1000];

/** How long the kernel may take to signal that a cgroup was removed. */
const REMOVAL_MS = 100;
const REMOVAL_LOOK_MS = 10;

/**
 * Watches cgroups without a timer: one that polls costs its node processor time and memory as long as its pod lives. With
 * version 2 the kernel notifies of changes, with version 1 it signals to an eventfd.
 *
 * Systemd removes a container's cgroup as soon as it is empty, often before the end of the last process is seen here. The
 * eventfd outlasts it.
 */
export class OomWatches {
  readonly #files = new SmallFiles();
  readonly #makeSignals: MakeSignals;
  readonly #onProblem: (error: unknown) => void;

  /** @param onProblem is told why a look failed that nobody waits for; there will be others. */
  constructor(makeSignals: MakeSignals, onProblem: (error: unknown) => void = () => undefined) {
    this.#makeSignals = makeSignals;
    this.#onProblem = onProblem;
  }

  /**
   * Calls `onOom` when the kernel has killed processes in the container for want of memory, from now on: soon after it, or
   * in the watch's `check` or `checkAtEnd`.
   */
  watch(paths: CgroupPaths, onOom: () => void): OomWatch {
    const file = countsOf(paths);
    return new OomWatch({
      read: () => (file === undefined ? undefined : parsePairs(this.#files.text(file)).get("oom_kill")),
      listen: ({ check, checkSoon }) => {
        if (file === undefined) return undefined;
        return paths.version === 2 ? notifications(file, check) : signalsOf(file, this.#makeSignals, checkSoon);
      },
      onOom,
      onProblem: this.#onProblem,
    });
  }
}

interface WatchParts {
  /** Kills so far. `undefined`: the cgroup is gone, or has no memory controller. */
  readonly read: () => bigint | undefined;
  readonly listen: (calls: { readonly check: () => void; readonly checkSoon: () => void }) => Notices | undefined;
  readonly onOom: () => void;
  readonly onProblem: (error: unknown) => void;
}

/** One container's. Made by `OomWatches`. */
export class OomWatch {
  readonly #parts: WatchParts;
  readonly #notices: Notices | undefined;
  #timer: NodeJS.Timeout | undefined;
  #seen: bigint;
  #hasTold = false;
  #isClosed = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#notices = parts.listen({
      check: () => this.#tryCheck(),
      checkSoon: () => {
        this.#checkSoon(LOOKS_MS);
      },
    });
    try {
      this.#seen = parts.read() ?? 0n;
    } catch (error) {
      this.#notices?.close();
      throw error;
    }
  }

  /** Looks now. Whether there were kills since the last look. */
  check(): boolean {
    const kills = this.#isClosed ? undefined : this.#parts.read();
    if (kills === undefined || kills <= this.#seen) return false;
    this.#seen = kills;
    this.#tell();
    return true;
  }

  /** The same, for callbacks: too many open files, say, must not end the shim. */
  #tryCheck(): boolean {
    try {
      return this.check();
    } catch (error) {
      this.#parts.onProblem(error);
      return false;
    }
  }

  /** Looks until there is a kill. */
  #checkSoon([ms, ...later]: readonly number[]): void {
    clearTimeout(this.#timer);
    if (ms === undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      if (!this.#tryCheck()) this.#checkSoon(later);
    }, ms).unref();
  }

  /**
   * The last look, at the container's end, when its cgroup may be gone. Whether there ever were kills.
   *
   * @param wasKilled whether its first process was: worth waiting for a late signal.
   */
  async checkAtEnd(wasKilled: boolean): Promise<boolean> {
    const signals = this.#notices?.signals;
    this.check();
    if (this.#hasTold || signals === undefined || this.#parts.read() !== undefined) return this.#hasTold;
    if (await isAmong(signals, wasKilled ? REMOVAL_MS : 0)) this.#tell();
    return this.#hasTold;
  }

  #tell(): void {
    this.#hasTold = true;
    this.#parts.onOom();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#notices?.close();
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
