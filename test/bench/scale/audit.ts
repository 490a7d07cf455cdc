/** Counts from the API server's audit log. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

interface Entry {
  readonly verb: string;
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
}

/**
 * Requests that a user agent has made, by `verb resource`, most frequent first. Those for leases are not among them:
 * their number goes with time, not with nodes.
 */
export async function requestsOf(auditLog: string, userAgent: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for await (const line of createInterface({ input: createReadStream(auditLog) })) {
    if (!line.includes(`"userAgent":"${userAgent}`)) continue;
    const { verb, objectRef } = JSON.parse(line) as Entry;
    const { resource = "other", subresource } = objectRef ?? {};
    if (resource === "leases") continue;
    const what = `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return new Map([...counts].toSorted(([, a], [, b]) => b - a));
}
