import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { LinuxError } from "./errors.ts";
import { withOpenFilesLimit } from "./open-files.ts";
import { isChild, peekZombie, reap } from "./wait.ts";

/** How a process ended. */
export interface Exit {
  /** The exit code, or 128 + signal. */
  readonly status: number;
  /** When this process learned of it. */
  readonly at: Date;
}

/** At most so many exits are kept that nobody has asked for yet. */
const REMEMBERED_EXITS = 1024;
/** And for so long, in milliseconds: a later process may have the same pid, and must not get the exit of an earlier one. */
const REMEMBERED_MS = 60_000;

/** As often the sweep looks for Node to reap a child of its own at once; then every `OWN_CHILD_POLL_MS`. */
const OWN_CHILD_LOOKS = 100;
const OWN_CHILD_POLL_MS = 5;

export interface ReaperOptions {
  readonly now?: () => Date;
  /** The soft limit of open files that spawned processes get; without it, this process's own. */
  readonly openFiles?: number | undefined;
}

interface Waiter {
  readonly promise: Promise<Exit>;
  readonly resolve: (exit: Exit) => void;
}

/**
 * Reaps the orphans that a subreaper inherits, and tells how they ended. Node reaps only the children that it spawned;
 * those this class leaves alone, provided that every one is announced by `spawnOwn` or `own`: the exit of a child
 * that is reaped behind Node's back is never reported. (`spawnSync` needs no announcement.)
 */
export class Reaper {
  readonly #now: () => Date;
  readonly #openFiles: number | undefined;
  readonly #own = new Set<number>();
  readonly #waiters = new Map<number, Waiter>();
  readonly #remembered = new Map<number, Exit>();
  readonly #onSigchld = (): void => {
    this.#sweep(0);
  };
  #isSweepPlanned = false;

  constructor({ now = () => new Date(), openFiles }: ReaperOptions = {}) {
    this.#now = now;
    this.#openFiles = openFiles;
  }

  /** Listens for SIGCHLD. Does not keep the process alive. */
  start(): void {
    process.on("SIGCHLD", this.#onSigchld);
    this.#sweep(0);
  }

  stop(): void {
    process.off("SIGCHLD", this.#onSigchld);
  }

  /** `spawn()` of node:child_process for a process whose end Node itself reports. */
  spawnOwn(file: string, args: readonly string[], options: SpawnOptions): ChildProcess {
    const start = (): ChildProcess => this.own(spawn(file, args, options));
    return this.#openFiles === undefined ? start() : withOpenFilesLimit(this.#openFiles, start);
  }

  /** Leaves the reaping of `child` to Node. To be called in the same tick as the `spawn()` that made it. */
  own(child: ChildProcess): ChildProcess {
    const { pid } = child;
    if (pid !== undefined) {
      this.#own.add(pid);
      child.once("exit", () => this.#own.delete(pid));
    }
    return child;
  }

  /**
   * How the process `pid` ended or will end: a child of this process that Node did not spawn, or one that was and
   * ended within the last minute. May be asked several times while it runs, but only once after it ended.
   *
   * @throws {LinuxError} `ECHILD` when it is no child and never was: ask only once the orphan has been inherited,
   * which is to say after its parent (`runc create`) ended.
   */
  async exitOf(pid: number): Promise<Exit> {
    const waiter = this.#waiters.get(pid);
    if (waiter !== undefined) return waiter.promise;
    const known = this.#remembered.get(pid);
    this.#remembered.delete(pid);
    if (isChild(pid)) return this.#wait(pid); // What is known is of an earlier process with that pid.
    if (known !== undefined) return known;
    throw new LinuxError("ECHILD", `wait for process ${pid}`, "it is no child of this process");
  }

  async #wait(pid: number): Promise<Exit> {
    const { promise, resolve } = Promise.withResolvers<Exit>();
    this.#waiters.set(pid, { promise, resolve });
    return promise;
  }

  #sweep(looks: number): void {
    for (let zombie = peekZombie(); zombie !== undefined; zombie = peekZombie()) {
      if (this.#own.has(zombie.pid)) {
        this.#sweepLater(looks);
        return;
      }
      reap(zombie.pid);
      this.#settle(zombie.pid, { status: zombie.status, at: this.#now() });
    }
  }

  /** An own child hides the zombies behind it until Node has reaped it, which it does in this or the next tick. */
  #sweepLater(looks: number): void {
    if (this.#isSweepPlanned) return;
    this.#isSweepPlanned = true;
    const again = (): void => {
      this.#isSweepPlanned = false;
      this.#sweep(looks + 1);
    };
    if (looks < OWN_CHILD_LOOKS) setImmediate(again);
    else setTimeout(again, OWN_CHILD_POLL_MS);
  }

  #settle(pid: number, exit: Exit): void {
    const waiter = this.#waiters.get(pid);
    if (waiter !== undefined) {
      this.#waiters.delete(pid);
      waiter.resolve(exit);
      return;
    }
    this.#remembered.set(pid, exit);
    this.#forget(exit.at.getTime() - REMEMBERED_MS);
  }

  #forget(before: number): void {
    for (const [pid, exit] of this.#remembered) {
      if (this.#remembered.size <= REMEMBERED_EXITS && exit.at.getTime() >= before) return;
      this.#remembered.delete(pid);
    }
  }
}
