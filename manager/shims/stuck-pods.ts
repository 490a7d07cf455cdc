import type { Kube } from "@rcm/lib/kube";
import type { NodeJob, Obstacle } from "./job-view.ts";
import { CORE_EVENTS, type CoreEvent } from "./resources.ts";
import { progressOf } from "./result.ts";

/** A pod that has not said why it does not start is asked about after this time, in milliseconds, and so often. */
const ASK_AFTER_MS = 20_000;
/** Questions at a time. */
const MAX_QUESTIONS = 20;

/**
 * Why pods do not start whose status does not tell. The kubelet says "volume cannot be mounted" only in an Event, and
 * the Job controller "pod refused by admission" too.
 */
export class StuckPods {
  readonly #kube: Pick<Kube, "list">;
  readonly #namespace: string;
  readonly #hints = new Map<string, Obstacle>();
  readonly #askedMs = new Map<string, number>();

  constructor(kube: Pick<Kube, "list">, namespace: string) {
    this.#kube = kube;
    this.#namespace = namespace;
  }

  /** By the UID of the pod, or of the Job where there is no pod. */
  get hints(): ReadonlyMap<string, Obstacle> {
    return this.#hints;
  }

  /** Those that seem stuck and have not been asked about for a while; mostly none. */
  due(jobs: readonly NodeJob[], nowMs: number): readonly NodeJob[] {
    if (this.#askedMs.size > 0) this.#forget(jobs);
    const silent = jobs.filter((job) => isSilent(job, nowMs));
    const due = silent.filter((job) => nowMs - (this.#askedMs.get(keyOf(job)) ?? 0) >= ASK_AFTER_MS);
    return due.slice(0, MAX_QUESTIONS);
  }

  /** Asks about each: one request. */
  async ask(due: readonly NodeJob[], nowMs: number, signal: AbortSignal): Promise<void> {
    await Promise.all(due.map(async (job) => this.#askOne(keyOf(job), nowMs, signal)));
  }

  async #askOne(uid: string, nowMs: number, signal: AbortSignal): Promise<void> {
    this.#askedMs.set(uid, nowMs);
    const options = { namespace: this.#namespace, fieldSelector: `involvedObject.uid=${uid}`, project: wordOf };
    const { items } = await this.#kube.list(CORE_EVENTS, options, signal);
    const hint = lastWord(items);
    if (hint === undefined) this.#hints.delete(uid);
    else this.#hints.set(uid, hint);
  }

  #forget(jobs: readonly NodeJob[]): void {
    const alive = new Set(jobs.map((job) => keyOf(job)));
    for (const uid of this.#askedMs.keys()) {
      if (alive.has(uid)) continue;
      this.#askedMs.delete(uid);
      this.#hints.delete(uid);
    }
  }
}

function keyOf({ pod, uid }: NodeJob): string {
  return pod?.uid ?? uid;
}

/** Has not started for long; what Events said before may be out of date, so that is asked again too. */
function isSilent(job: NodeJob, nowMs: number): boolean {
  if (keyOf(job) === "" || job.pod?.started === true || job.pod?.waiting !== undefined) return false;
  const progress = progressOf(job, nowMs);
  return progress.kind === "working" && nowMs - progress.sinceMs >= ASK_AFTER_MS;
}

/** An Event, as far as it tells what keeps a pod from starting. */
export interface Word extends Obstacle {
  readonly isWarning: boolean;
  /** RFC 3339 */
  readonly at: string;
}

function wordOf({ type, reason = "", message = "", lastTimestamp, eventTime, series }: CoreEvent): Word {
  const at = series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? "";
  return { isWarning: type === "Warning", reason, message, at };
}

/** The newest Event decides: a warning from before the image was pulled is over. */
export function lastWord(words: readonly Word[]): Obstacle | undefined {
  const newest = words.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at)).at(-1);
  return newest?.isWarning === true ? { reason: newest.reason, message: newest.message } : undefined;
}
