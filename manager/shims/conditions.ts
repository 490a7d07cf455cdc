import type { Decision } from "./decide-node.ts";
import type { Hold } from "./rollout.ts";
import type { Counts } from "./status.ts";

/** What the conditions of a Shim are made from. */
export interface Circumstances {
  readonly decisions: readonly Decision[];
  readonly deleting: boolean;
  readonly hold: Hold | undefined;
  /** What keeps the RuntimeClass from being as it should. */
  readonly runtimeClass: RuntimeClassProblem | undefined;
}

export interface RuntimeClassProblem {
  /** It is somebody else's, or the API server does not take it. */
  readonly reason: "RuntimeClassConflict" | "RuntimeClassRefused";
  readonly message: string;
}

interface Condition {
  readonly type: "Ready" | "Progressing" | "Degraded";
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

/** Problems of single nodes that the message names; the rest is in the nodes' states. */
const NAMED_NODES = 3;

/** The three conditions; `Ready` goes first. */
export function readiness(input: Circumstances, counts: Counts): readonly Condition[] {
  const reason = reasonOf(input, counts);
  const message = messageOf(input, counts, reason);
  const isMoving = counts.nodesUpdating > 0 || reason === "Progressing" || reason === "Removing";
  const trouble = input.decisions.filter((decision) => isTrouble(decision));
  const isDegraded = trouble.length > 0 || HELD.has(reason);
  return [
    { type: "Ready", status: reason === "Provisioned" ? "True" : "False", reason, message },
    condition("Progressing", isMoving, isMoving ? reason : "Idle", isMoving ? message : "No node is being changed"),
    condition(
      "Degraded",
      isDegraded,
      isDegraded ? degradation(reason, trouble) : "AsExpected",
      isDegraded ? message : "",
    ),
  ];
}

const HELD: ReadonlySet<string> = new Set([
  "HandlerConflict",
  "RuntimeClassConflict",
  "RuntimeClassRefused",
  "TooManyFailures",
]);

function condition(type: Condition["type"], isTrue: boolean, reason: string, message: string): Condition {
  return { type, status: isTrue ? "True" : "False", reason, message };
}

/** The word that `kubectl get shims` prints: the first that is the case. */
function reasonOf(input: Circumstances, counts: Counts): string {
  if (input.deleting) return "Removing";
  if (input.hold?.reason === "HandlerConflict") return "HandlerConflict";
  if (input.runtimeClass !== undefined) return input.runtimeClass.reason;
  if (counts.nodes === 0) return counts.nodesRemoving > 0 ? "Removing" : "NoMatchingNodes";
  if (counts.nodesReady === counts.nodes) return "Provisioned";
  return input.hold?.reason ?? motion(input.decisions, counts);
}

function motion(decisions: readonly Decision[], counts: Counts): string {
  if (counts.nodesUpdating > 0) return "Progressing";
  const fresh = decisions.some(({ wanted, start, failed }) => wanted === "present" && start !== undefined && !failed);
  if (fresh) return "Progressing";
  return decisions.some((decision) => isTrouble(decision)) ? "Failed" : "Waiting";
}

function isTrouble({ failed, state }: Decision): boolean {
  return failed || state === "Unsupported";
}

function degradation(reason: string, trouble: readonly Decision[]): string {
  return HELD.has(reason) || trouble.length === 0 ? reason : "NodesFailed";
}

/** One line: how many, which of them not and why, and what holds the rest. */
function messageOf(input: Circumstances, counts: Counts, reason: string): string {
  const { hold, runtimeClass } = input;
  const total = input.deleting
    ? `${counts.nodesRemoving} nodes still have the shim`
    : `${counts.nodesReady} of ${counts.nodes} nodes have the wanted version`;
  const parts = [reason === "NoMatchingNodes" ? "No Linux node has the labels of spec.nodeSelector" : total];
  if (counts.nodesRemoving > 0 && !input.deleting) parts.push(`${counts.nodesRemoving} are being cleaned`);
  if (hold !== undefined) parts.push(hold.message);
  if (runtimeClass !== undefined) parts.push(runtimeClass.message);
  return [...parts, ...problemsOf(input.decisions)].join("; ");
}

function problemsOf(decisions: readonly Decision[]): readonly string[] {
  const named = decisions.filter((decision) => isTrouble(decision) || isWaiting(decision));
  const sorted = named.toSorted(
    (a, b) => Number(isTrouble(b)) - Number(isTrouble(a)) || (a.node.name < b.node.name ? -1 : 1),
  );
  const texts = sorted.slice(0, NAMED_NODES).map(({ node, reason, message }) => `${node.name}: ${reason}: ${message}`);
  return named.length > texts.length ? [...texts, `and ${named.length - texts.length} more nodes`] : texts;
}

/** Waits for something outside, which the message says. */
function isWaiting({ state, settled, message, start }: Decision): boolean {
  return (state === "Pending" || state === "Removing") && !settled && message !== undefined && start === undefined;
}
