import type { JobView } from "./job-view.ts";

/** A Job that the watch does not show within this time, in milliseconds, was made and removed unseen. */
const EXPIRY_MS = 120_000;

interface Expected {
  readonly job: JobView;
  readonly untilMs: number;
}

/**
 * Jobs that we make, from before the request until the watch shows them: nobody else may take their node or their place
 * meanwhile.
 */
export class ExpectedJobs {
  readonly #jobs = new Map<string, Expected>();

  add(job: JobView, nowMs: number): void {
    this.#jobs.set(job.name, { job, untilMs: nowMs + EXPIRY_MS });
  }

  /** Forgets those of `names` that the server has not confirmed by a UID. */
  dropUnmade(names: readonly string[]): void {
    for (const name of names) if (this.#jobs.get(name)?.job.uid === "") this.#jobs.delete(name);
  }

  /** The watch shows it. */
  delete(name: string): void {
    this.#jobs.delete(name);
  }

  /** Those that are still to be seen. */
  current(nowMs: number): readonly JobView[] {
    for (const [name, { untilMs }] of this.#jobs) if (untilMs <= nowMs) this.#jobs.delete(name);
    return [...this.#jobs.values()].map(({ job }) => job);
  }
}
