import { parsePairs } from "./parse-values.ts";
import type { CgroupPaths } from "./paths.ts";
import { SmallFiles } from "./read-file.ts";

const POLL_MS = 1000;

/**
 * The watches of a process. They are polled together, by one timer, which is there only while there are watches and
 * does not keep the process alive. Version 1 has no other way without an eventfd; one read takes about 10 µs.
 */
export class OomWatches {
  readonly #watches = new Set<OomWatch>();
  readonly #files = new SmallFiles();
  #timer: NodeJS.Timeout | undefined;

  /**
   * Calls `onOom` when the kernel has killed processes in the container for want of memory, from now on: within a
   * second, or in the watch's `check`.
   */
  watch(paths: CgroupPaths, onOom: () => void): OomWatch {
    const watch = new OomWatch({
      read: () => this.#killsOf(paths),
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

interface WatchParts {
  readonly read: () => bigint | undefined;
  readonly onOom: () => void;
  readonly onClose: () => void;
}

/** One container's. Made by `OomWatches`. */
export class OomWatch {
  readonly #parts: WatchParts;
  #seen: bigint;
  #isClosed = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#seen = parts.read() ?? 0n;
  }

  /** Looks now, as must be done at a container's exit. Whether there were kills since the last look. */
  check(): boolean {
    const kills = this.#isClosed ? undefined : this.#parts.read();
    if (kills === undefined || kills <= this.#seen) return false;
    this.#seen = kills;
    this.#parts.onOom();
    return true;
  }

  close(): void {
    this.#isClosed = true;
    this.#parts.onClose();
  }
}
