/** Runs a limited number of tasks at a time, keeps a limited number of others in a queue, and refuses the rest. */
export class ConcurrencyLimiter {
  readonly #limits: ConcurrencyLimits;
  readonly #queue = new Set<Queued>();
  #running = 0;
  #isClosed = false;
  #isStarting = false;

  constructor(limits: ConcurrencyLimits) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#queue.size;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Starts the task now or later, or refuses it. A task that was started calls {@link release} once. */
  acquire(task: LimitedTask): void {
    if (this.#isClosed) {
      task.refuse();
    } else if (this.#running < this.#limits.maxConcurrent) {
      this.#running += 1;
      task.start();
    } else if (this.#queue.size < this.#limits.maxQueued) {
      this.#enqueue(task);
    } else {
      task.refuse();
    }
  }

  #enqueue(task: LimitedTask): void {
    const timer = setTimeout(() => {
      this.#queue.delete(queued);
      task.refuse();
    }, this.#limits.queueMs);
    const queued: Queued = { task, timer };
    this.#queue.add(queued);
    task.onGone(() => {
      clearTimeout(timer);
      this.#queue.delete(queued);
    });
  }

  release(): void {
    this.#running -= 1;
    if (this.#isStarting) return; // A task ended within its own start: the loop below starts the next one.
    this.#isStarting = true;
    while (this.#queue.size > 0 && this.#running < this.#limits.maxConcurrent) this.#startNext();
    this.#isStarting = false;
  }

  /** Refuses the tasks in the queue, and all that come from now on. */
  close(): void {
    this.#isClosed = true;
    for (const { task, timer } of this.#queue) {
      clearTimeout(timer);
      task.refuse();
    }
    this.#queue.clear();
  }

  #startNext(): void {
    const [next] = this.#queue;
    if (next === undefined) return;
    this.#queue.delete(next);
    clearTimeout(next.timer);
    this.#running += 1;
    next.task.start();
  }
}

export interface ConcurrencyLimits {
  /** Tasks that run at a time. */
  readonly maxConcurrent: number;
  /** Tasks that wait. */
  readonly maxQueued: number;
  /** How long a task may wait, in milliseconds; then it is refused. */
  readonly queueMs: number;
}

export interface LimitedTask {
  /** Must not throw. */
  start(): void;
  refuse(): void;
  /** `listener` is called when nobody needs the task any more: it leaves the queue. */
  onGone(listener: () => void): void;
}

interface Queued {
  readonly task: LimitedTask;
  readonly timer: NodeJS.Timeout;
}
