import type { News } from "./decide-node.ts";
import { lostPodsOf } from "./pod-names.ts";
import type { StatusJson } from "./status.ts";

/** An Event to be: `node` is set where the Node should show it too. */
export interface Announcement {
  readonly type: "Normal" | "Warning";
  readonly reason:
    | "ShimProvisioned"
    | "ShimFailed"
    | "ShimRolledBack"
    | "ShimRemoved"
    | "PodsLost"
    | "RolloutPaused"
    | "RuntimeClassConflict"
    | "RuntimeClassRefused"
    | "HandlerConflict";
  readonly action: "Install" | "Uninstall" | "Rollout";
  readonly note: string;
  readonly node?: { readonly name: string; readonly uid: string } | undefined;
}

export interface AnnounceInput {
  readonly news: readonly News[];
  readonly before: StatusJson | undefined;
  readonly status: StatusJson;
}

/** Everything that is worth an Event in this pass; reasons are a contract with those who filter by them. */
export function announce({ news, before, status }: AnnounceInput): readonly Announcement[] {
  return [...news.flatMap((item) => [announceEnd(item), ...announceLost(item)]), ...announceHold(before, status)];
}

/** An install that went well may have ended pods all the same: their owners want to know. */
function announceLost({ job }: News): readonly Announcement[] {
  const pods = lostPodsOf(job);
  if (pods.length === 0) return [];
  const node = { name: job.nodeName, uid: job.nodeUid };
  const note = `${node.name}: containers of these pods ended during the install: ${pods.join(", ")}`;
  return [{ type: "Warning", reason: "PodsLost", action: "Install", note, node }];
}

function announceEnd({ job, record }: News): Announcement {
  const node = { name: job.nodeName, uid: job.nodeUid };
  const action = job.operation === "install" ? "Install" : "Uninstall";
  if (record === undefined) {
    return { type: "Normal", reason: "ShimRemoved", action, note: `${node.name}: the shim was removed` };
  }
  if (record.ok) {
    const digest = record.digest === undefined ? "" : ` sha256:${record.digest.slice(0, 12)}`;
    const note = `${node.name}: ${record.level ?? "Loaded"}${digest}`;
    return { type: "Normal", reason: "ShimProvisioned", action, note };
  }
  const reason = record.rolledBack === true ? "ShimRolledBack" : "ShimFailed";
  const note = `${node.name}: ${record.reason ?? "InternalError"}: ${record.message ?? ""}`;
  return { type: "Warning", reason, action, note, node };
}

const HELD: ReadonlyMap<string, Announcement["reason"]> = new Map([
  ["TooManyFailures", "RolloutPaused"],
  ["Paused", "RolloutPaused"],
  ["RuntimeClassConflict", "RuntimeClassConflict"],
  ["RuntimeClassRefused", "RuntimeClassRefused"],
  ["HandlerConflict", "HandlerConflict"],
]);

/** When the Shim comes into such a state, not while it stays there. */
function announceHold(before: StatusJson | undefined, status: StatusJson): readonly Announcement[] {
  const [was, is] = [before, status].map((one) => one?.conditions?.find(({ type }) => type === "Ready"));
  const reason = HELD.get(is?.reason ?? "");
  if (is === undefined || reason === undefined || was?.reason === is.reason) return [];
  return [{ type: is.reason === "Paused" ? "Normal" : "Warning", reason, action: "Rollout", note: is.message }];
}
