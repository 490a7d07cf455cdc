import { RETRY_ANNOTATION } from "@rcm/crds";
import { backoffMs } from "@rcm/lib/backoff";
import { isTerminal } from "@rcm/lib/install-job";
import { nodeChange } from "./node-change.ts";
import type { NodeView } from "./node-view.ts";
import type { NodeRecord } from "./record.ts";

/** Pods that a removal waits for are looked at this often, in milliseconds. */
export const LOOK_MS = 15_000;
/** Delays between tries on one node. */
const RETRY = { baseMs: 10_000, maxMs: 600_000 } as const;
/** Removal that waits for users which we cannot see asks again at this pace. */
const IN_USE_RETRY = { baseMs: 4_000, maxMs: 120_000 } as const;
/** While we see them: there is nothing to be had from asking but what we have missed. */
const SEEN_RETRY = { baseMs: 600_000, maxMs: 600_000 } as const;
/** After this many failures in a row the node waits for a person. */
const MAX_FAILURES = 8;

export interface RetryVerdict {
  readonly kind: "now" | "later" | "never";
  /** What to add to the failure's message. */
  readonly remark: string;
}

export interface Present {
  readonly node: Pick<NodeView, "bootId" | "runtimeVersion">;
  /** The value of the retry annotations. */
  readonly retry: string;
}

/** Whether a failed node is tried again; one that has changed since is, whatever the failure was. */
export function retryOf(record: NodeRecord, { node, retry }: Present): RetryVerdict {
  if (record.retry !== retry || nodeChange(record, node) !== undefined) return { kind: "now", remark: "" };
  if (record.reason === "InUse") return { kind: "later", remark: "" };
  const remedy = `annotate the Shim with ${RETRY_ANNOTATION} to try again`;
  if (record.operation === "install" && isTerminal(record.reason, record.rolledBack === true)) {
    return { kind: "never", remark: ` (not tried again until the Shim changes: ${remedy})` };
  }
  if (record.failures < MAX_FAILURES) return { kind: "later", remark: "" };
  return { kind: "never", remark: ` (given up after ${record.failures} tries: ${remedy})` };
}

/**
 * How long after a failure the next try comes, in milliseconds. The jitter comes from the Job's name, so that the same
 * record always gives the same time.
 *
 * @param usersGone none of the users that the record names is there any more.
 */
export function pauseMs({ job, reason, failures, users }: NodeRecord, usersGone: boolean): number {
  const random = (Number.parseInt(job.slice(-6), 16) % 1000) / 1000;
  const isSeen = users !== undefined && !usersGone;
  const pace = reason === "InUse" ? (isSeen ? SEEN_RETRY : IN_USE_RETRY) : RETRY;
  return backoffMs(pace, failures, Number.isFinite(random) ? random : 0.5);
}
