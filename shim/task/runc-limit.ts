import type { Call } from "../ttrpc/service.ts";

/** Longest time that runc may take for anything, in milliseconds: a node under load is slow, but not dead. */
export const RUNC_MS = 60_000;

/**
 * For what runc does on behalf of a call: until its deadline, which may be over already. A lost connection ends nothing: a
 * runc that is killed while it works can leave a frozen cgroup, and a containerd that comes back removes by itself what
 * was made.
 */
export function runcLimit({ deadline }: Pick<Call, "deadline">): AbortSignal {
  return AbortSignal.any([deadline, AbortSignal.timeout(RUNC_MS)]);
}
