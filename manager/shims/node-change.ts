import type { NodeRecord } from "./record.ts";

type Machine = Pick<NodeRecord, "bootId" | "runtimeVersion">;

export type NodeChange = "NodeRebooted" | "ContainerdChanged";

/** What makes the node another than it was: what was found out about it then may not be true any more. */
export function nodeChange(before: Machine, now: Machine): NodeChange | undefined {
  if (before.bootId !== now.bootId) return "NodeRebooted";
  const isOther = before.runtimeVersion !== now.runtimeVersion && isKnown(before) && isKnown(now);
  return isOther ? "ContainerdChanged" : undefined;
}

/** The kubelet says `containerd://Unknown` while containerd does not answer. */
function isKnown({ runtimeVersion }: Machine): boolean {
  return !runtimeVersion.endsWith("://Unknown");
}
