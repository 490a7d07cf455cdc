import type { ShimStatus, ShimStatusNodeState } from "@rcm/crds";
import type { Json } from "@rcm/lib/kube";
import { oneLine } from "../runtime/one-line.ts";
import { readiness, type Circumstances } from "./conditions.ts";
import type { Decision, NodeState } from "./decide-node.ts";

export type StatusJson = Json<ShimStatus>;

/** More would not fit into an object when there are thousands of nodes: etcd takes 1.5 MiB, and watchers read it all. */
export const MAX_NODE_STATES = 100;
/** The schema's limit on a node's message. */
const MESSAGE_MAX = 1024;

/** Those that need a person go before those at work, and those before the ones that are well. */
const ORDER: readonly NodeState[] = [
  "Failed",
  "RolledBack",
  "Unsupported",
  "Removing",
  "Installing",
  "Pending",
  "Installed",
  "Configured",
  "Loaded",
  "Proven",
];
const RANK: ReadonlyMap<NodeState, number> = new Map(ORDER.map((state, rank) => [state, rank]));

export interface StatusInput extends Circumstances {
  readonly generation: number;
  readonly before: StatusJson | undefined;
  /** RFC 3339 */
  readonly now: string;
}

export interface Counts {
  readonly nodes: number;
  readonly nodesReady: number;
  readonly nodesUpdating: number;
  readonly nodesFailed: number;
  readonly nodesRemoving: number;
}

/** The whole status, every field set, so that it can replace what is there. Bounded, however many nodes there are. */
export function statusOf(input: StatusInput): StatusJson {
  const shown = input.decisions.filter(({ wanted, settled }) => wanted === "present" || !settled);
  const known = new Map((input.before?.nodeStates ?? []).map((state) => [state.name, state]));
  const states = shown.toSorted(byAttention).slice(0, MAX_NODE_STATES);
  const counts = countNodes(input.decisions);
  return {
    observedGeneration: input.generation,
    ...counts,
    nodeStates: states.map((decision) => nodeState(decision, known.get(decision.node.name), input.now)),
    nodeStatesOmitted: shown.length - states.length,
    conditions: conditionsOf(input, counts),
  };
}

function countNodes(decisions: readonly Decision[]): Counts {
  const counts = { nodes: 0, nodesReady: 0, nodesUpdating: 0, nodesFailed: 0, nodesRemoving: 0 };
  for (const { wanted, settled, failed, state } of decisions) {
    const present = wanted === "present";
    counts.nodes += Number(present);
    counts.nodesReady += Number(present && settled);
    counts.nodesFailed += Number(failed && !isWorking(state));
    counts.nodesUpdating += Number(state === "Installing");
    counts.nodesRemoving += Number(!present && !settled);
  }
  return counts;
}

function isWorking(state: NodeState): boolean {
  return state === "Installing" || state === "Removing";
}

function byAttention(a: Decision, b: Decision): number {
  const rank = (RANK.get(a.state) ?? 0) - (RANK.get(b.state) ?? 0);
  return rank === 0 ? (a.node.name < b.node.name ? -1 : 1) : rank;
}

type NodeStateJson = Json<ShimStatusNodeState>;

function nodeState(decision: Decision, before: NodeStateJson | undefined, now: string): NodeStateJson {
  const { node, state, reason, message = "" } = decision;
  const isSame = before?.state === state && before.reason === reason;
  return {
    name: node.name,
    state,
    ...(reason === undefined ? {} : { reason }),
    ...(message === "" ? {} : { message: oneLine(message, MESSAGE_MAX) }),
    ...triesOf(decision),
    since: isSame ? (before.since ?? now) : now,
  };
}

function triesOf({ record, active, start }: Decision): Pick<NodeStateJson, "digest" | "attempt"> {
  const attempt = (active ?? start ?? record)?.attempt;
  const digest = record?.digest;
  return { ...(digest === undefined ? {} : { digest }), ...(attempt === undefined ? {} : { attempt }) };
}

function conditionsOf(input: StatusInput, counts: Counts): NonNullable<StatusJson["conditions"]> {
  const before = new Map((input.before?.conditions ?? []).map((condition) => [condition.type, condition]));
  return readiness(input, counts).map(({ type, status, reason, message }) => {
    const last = before.get(type);
    const lastTransitionTime = last?.status === status ? last.lastTransitionTime : input.now;
    const text = oneLine(message, MESSAGE_MAX);
    return { type, status, observedGeneration: input.generation, lastTransitionTime, reason, message: text };
  });
}
