import { RETRY_ANNOTATION } from "@rcm/crds";
import { backoffMs } from "@rcm/lib/backoff";
import { isTerminal } from "@rcm/lib/install-job";
import type { NodeRecord } from "./record.ts";

/** Delays between tries on one node. */
const RETRY = { baseMs: 10_000, maxMs: 600_000 } as const;
/** Removal that waits for pods asks again at this pace. */
const IN_USE_RETRY = { baseMs: 4_000, maxMs: 30_000 } as const;
/** After this many failures in a row the node waits for a person. */
const MAX_FAILURES = 8;

export interface RetryVerdict {
  readonly kind: "now" | "later" | "never";
  /** What to add to the failure's message. */
  readonly remark: string;
}

/** Whether a failed node is tried again. @param retry the present value of the retry annotations. */
export function retryOf(record: NodeRecord, retry: string): RetryVerdict {
  if (record.retry !== retry) return { kind: "now", remark: "" };
  if (record.reason === "InUse") return { kind: "later", remark: "" };
  if (record.operation === "install" && isTerminal(record.reason, record.rolledBack === true)) {
    return { kind: "never", remark: " (not tried again until the Shim changes)" };
  }
  if (record.failures < MAX_FAILURES) return { kind: "later", remark: "" };
  const remedy = `annotate the Shim with ${RETRY_ANNOTATION} to try again`;
  return { kind: "never", remark: ` (given up after ${record.failures} tries: ${remedy})` };
}

/**
 * How long after a failure the next try comes, in milliseconds. The jitter comes from the Job's name, so that the same
 * record always gives the same time.
 */
export function pauseMs({ job, reason, failures }: NodeRecord): number {
  const random = (Number.parseInt(job.slice(-6), 16) % 1000) / 1000;
  return backoffMs(reason === "InUse" ? IN_USE_RETRY : RETRY, failures, Number.isFinite(random) ? random : 0.5);
}
