import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "@rcm/lib/errors";
import type { ListenAddress } from "./listen-address.ts";
import type { PodLog } from "./pod-log.ts";
import type { ServingThread, StartThread } from "./thread-host.ts";

const LOOK_MS = 100;
/** Share of the time in which this thread did not wait. */
const BUSY = 0.85;
/** So many looks one after the other must show that it is busy, before it gets help. */
const BUSY_LOOKS = 3;
/** After so many looks without a request nobody looks any more, until there is one. */
const QUIET_LOOKS = 50;
/** After a thread that could not start, it is not tried again for so long. */
const AGAIN_MS = 60_000;

export interface ThreadsOptions {
  /** With the first one. */
  readonly max: number;
  /** `undefined` if there can be no others. */
  readonly start: StartThread | undefined;
  readonly log: PodLog;
  /** There is one more: clients should connect again, because the kernel spreads new connections only. */
  readonly onMore: () => void;
  /** There is one less, and nothing to do. */
  readonly onFewer: () => void;
}

/** The further threads of a server: one more whenever the first has no time left, and fewer when there is nothing to do. */
export class Threads {
  /** Where the first one listens, once it does. */
  address: ListenAddress | undefined;
  readonly #options: ThreadsOptions;
  readonly #others = new Set<ServingThread>();
  #timer: NodeJS.Timeout | undefined;
  #requests = 0;
  #isStarting = false;
  #notBefore = 0;

  constructor(options: ThreadsOptions) {
    this.#options = options;
  }

  /** Whether there can ever be more than the first one. */
  get mayBeMany(): boolean {
    return this.#options.start !== undefined && this.#options.max > 1;
  }

  /** To be called at each request. */
  noteRequest(): void {
    this.#requests += 1;
    if (this.#timer === undefined && this.mayBeMany) this.#timer = this.#look();
  }

  /** Has all of them stop, and ends those that have not done so in time. */
  async stop(ms: number): Promise<void> {
    clearInterval(this.#timer);
    this.#notBefore = Number.POSITIVE_INFINITY;
    for (const thread of this.#others) thread.stop();
    const ended = Promise.all([...this.#others].map(async (thread) => thread.ended));
    await Promise.race([ended, sleep(ms, undefined, { ref: false })]);
    for (const thread of this.#others) thread.kill();
  }

  #look(): NodeJS.Timeout {
    let before = performance.eventLoopUtilization();
    let seen = 0;
    let busy = 0;
    let quiet = 0;
    return setInterval(() => {
      const now = performance.eventLoopUtilization();
      busy = performance.eventLoopUtilization(now, before).utilization > BUSY ? busy + 1 : 0;
      quiet = this.#requests === seen ? quiet + 1 : 0;
      before = now;
      seen = this.#requests;
      if (busy >= BUSY_LOOKS && this.#mayStart()) {
        busy = 0;
        void this.#add();
      }
      if (quiet < QUIET_LOOKS) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    }, LOOK_MS).unref();
  }

  #mayStart(): boolean {
    const count = 1 + this.#others.size;
    return count < this.#options.max && !this.#isStarting && performance.now() >= this.#notBefore;
  }

  async #add(): Promise<void> {
    const { start, log, onMore } = this.#options;
    const { address } = this;
    if (start === undefined || address === undefined) return;
    this.#isStarting = true;
    const thread = start(address, () => {
      thread.stop();
    });
    this.#others.add(thread);
    void thread.ended.then((failure) => {
      this.#hasEnded(thread, failure);
      return undefined;
    });
    try {
      await thread.listening;
      log.info("Thread added", { threads: 1 + this.#others.size });
      onMore();
    } catch (error) {
      this.#notBefore = Math.max(this.#notBefore, performance.now() + AGAIN_MS);
      log.error("Thread not added", { reason: messageOf(error) });
    } finally {
      this.#isStarting = false;
    }
  }

  /** The requests of one that has failed are lost; the others go on. */
  #hasEnded(thread: ServingThread, failure: Error | undefined): void {
    const { log, onFewer } = this.#options;
    this.#others.delete(thread);
    const threads = 1 + this.#others.size;
    if (failure === undefined) log.info("Thread ended", { threads });
    else log.error("Thread failed", { threads, reason: messageOf(failure) });
    if (this.#timer === undefined) onFewer();
  }
}
