import { withDeadline } from "@rcm/lib/deadline";
import { CodedError, messageOf } from "@rcm/lib/errors";
import type { Log } from "@rcm/lib/log";
import type { Outcome } from "../outcome.ts";
import { WorkQueue } from "./queue.ts";
import type { ScheduleOptions } from "./schedule.ts";

export interface ControllerOptions extends Partial<ScheduleOptions> {
  /** For the log and the metrics. */
  readonly name: string;
  /** Brings one object to what its spec says. May be called again at any time, never twice at once for a key. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<Outcome>;
  readonly log: Log;
  readonly onReconcile?: (record: ReconcileRecord) => void;
  /** Keys that are worked on at the same time. @default 4 */
  readonly concurrency?: number;
  /** Time for one reconcile, in milliseconds. @default 120000 */
  readonly timeoutMs?: number;
  /** Time for running reconciles to end after `stopping`, in milliseconds. @default 20000 */
  readonly drainMs?: number;
}

export interface ReconcileRecord {
  readonly controller: string;
  readonly result: Outcome["kind"] | "error" | "canceled";
  readonly durationMs: number;
}

export class ControllerError extends CodedError<"RECONCILE_TIMEOUT" | "DRAIN_TIMEOUT"> {
  override readonly name = "ControllerError";
}

const DEFAULTS = {
  concurrency: 4,
  timeoutMs: 120_000,
  drainMs: 20_000,
  backoff: { baseMs: 500, maxMs: 5 * 60_000 },
  minIntervalMs: 0,
  onReconcile: ignore,
};

/** Takes keys from a queue and reconciles them until it is stopped. */
export class Controller {
  readonly #options: Required<ControllerOptions>;
  readonly #queue: WorkQueue;

  constructor(options: ControllerOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#queue = new WorkQueue(this.#options);
  }

  /** Keys that wait. */
  get depth(): number {
    return this.#queue.depth;
  }

  /** Reconciles `key` soon, or in `afterMs` milliseconds. Keys added before `run` wait for it. */
  add(key: string, afterMs = 0): void {
    this.#queue.add(key, afterMs);
  }

  /**
   * Works until one of the signals aborts, and returns when nothing runs any more.
   *
   * @param stopping takes no new keys; what runs has `drainMs` to end.
   * @param signal aborts what runs, at once: the lease was lost.
   */
  async run(stopping: AbortSignal, signal: AbortSignal): Promise<void> {
    const running = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const drain = (): void => {
      this.#queue.close();
      timer = setTimeout(() => {
        running.abort(drainTimeout(this.#options));
      }, this.#options.drainMs);
    };
    const abort = (): void => {
      this.#queue.close();
      running.abort(signal.reason);
    };
    stopping.addEventListener("abort", drain, { once: true });
    signal.addEventListener("abort", abort, { once: true });
    if (stopping.aborted) drain();
    if (signal.aborted) abort();
    await Promise.all(Array.from({ length: this.#options.concurrency }, async () => this.#work(running.signal)));
    stopping.removeEventListener("abort", drain);
    signal.removeEventListener("abort", abort);
    clearTimeout(timer);
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let key = await this.#queue.take(); key !== undefined; key = await this.#queue.take()) {
      const startMs = performance.now();
      const result = await this.#reconcile(key, signal);
      this.#queue.finish(key);
      this.#options.onReconcile({
        controller: this.#options.name,
        result,
        durationMs: performance.now() - startMs,
      });
    }
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<ReconcileRecord["result"]> {
    const { name, reconcile, timeoutMs: ms } = this.#options;
    try {
      const outcome = await withDeadline(
        { ms, expired: () => reconcileTimeout(name, key, ms) },
        async (limited) => reconcile(key, limited),
        signal,
      );
      this.#settle(key, outcome);
      return outcome.kind;
    } catch (error) {
      if (signal.aborted) return "canceled";
      this.#fail(key, error);
      return "error";
    }
  }

  #settle(key: string, outcome: Outcome): void {
    const { name: controller, log } = this.#options;
    this.#queue.forget(key);
    switch (outcome.kind) {
      case "done":
        log.debug("Reconciled", { controller, key });
        return;
      case "wait":
        log.debug("Reconcile waits", { controller, key, afterMs: outcome.afterMs, reason: outcome.reason });
        this.#queue.add(key, outcome.afterMs);
        return;
      case "stalled": // Until the object changes, which adds its key.
        log.info("Reconcile stalled", { controller, key, reason: outcome.reason, detail: outcome.message });
    }
  }

  #fail(key: string, error: unknown): void {
    const { name: controller, log } = this.#options;
    const retryInMs = this.#queue.retry(key);
    log.warn("Reconcile failed", { controller, key, retryInMs, problem: messageOf(error), error });
  }
}

function ignore(): void {
  // Nobody asked.
}

function reconcileTimeout(controller: string, key: string, ms: number): ControllerError {
  return new ControllerError("RECONCILE_TIMEOUT", `Cannot reconcile ${controller} "${key}": not done within ${ms} ms`);
}

function drainTimeout({ name, drainMs }: { readonly name: string; readonly drainMs: number }): ControllerError {
  return new ControllerError("DRAIN_TIMEOUT", `Cannot end ${name} in peace: still at work after ${drainMs} ms`);
}
