import type { ShimSpecRolloutStrategy } from "@rcm/crds";
import { STILL_IN_USE, type Decision } from "./decide-node.ts";

export interface RolloutInput {
  readonly strategy: ShimSpecRolloutStrategy;
  readonly paused: boolean;
  /** Nodes that the Shim selects and that are not unsupported. */
  readonly selected: number;
  readonly decisions: readonly Decision[];
  /** UIDs of nodes on which any Shim's installer is at work. */
  readonly busy: ReadonlySet<string>;
  /** How many more installers the cluster may run now. */
  readonly slots: number;
  /** How many of those may be Jobs that only ask whether pods still use the handler. */
  readonly pollSlots: number;
}

/** Why nodes that could be started are not, when it is more than waiting for their turn. */
export interface Hold {
  readonly reason: "Paused" | "TooManyFailures" | "HandlerConflict";
  readonly message: string;
}

export interface Rollout {
  readonly starts: readonly Decision[];
  readonly hold: Hold | undefined;
}

/**
 * Chooses which nodes may start now. Removals and retries go first: their nodes count as out of service already. The
 * brake holds back fresh nodes only. Removals that wait for pods go last among those, and only so many at a time: they
 * come again and again.
 */
export function planRollout(input: RolloutInput): Rollout {
  const waiting = input.decisions.filter(({ start }) => start !== undefined);
  const fresh = waiting.filter((decision) => isFresh(decision));
  if (input.paused) return { starts: [], hold: waiting.length === 0 ? undefined : PAUSED };
  const brake = brakeOf(input);
  const { limit, active, failed } = countsOf(input);
  const first = owed(waiting, input).slice(0, Math.max(0, limit - active));
  const room = limit - active - failed - first.filter((decision) => !decision.failed).length;
  const next = brake === undefined ? ready(fresh, input).slice(0, Math.max(0, room)) : [];
  const starts = [...first, ...next].slice(0, Math.max(0, input.slots));
  return { starts, hold: fresh.length === 0 ? undefined : brake };
}

const PAUSED: Hold = { reason: "Paused", message: "spec.paused is true: no further node is changed" };

function isFresh({ start, failed }: Decision): boolean {
  return start?.operation === "install" && !failed;
}

/** Removals and retries, in the order of their turn. */
function owed(waiting: readonly Decision[], input: RolloutInput): readonly Decision[] {
  const all = ready(waiting, input).filter((decision) => !isFresh(decision));
  const [polls = [], others = []] = [true, false].map((wanted) => all.filter((one) => isPoll(one) === wanted));
  return [...others, ...polls.slice(0, Math.max(0, input.pollSlots))];
}

function isPoll({ start }: Decision): boolean {
  return start?.why === STILL_IN_USE;
}

function ready(decisions: readonly Decision[], { busy }: RolloutInput): readonly Decision[] {
  return decisions.filter(({ node }) => !busy.has(node.uid)).toSorted((a, b) => (a.node.name < b.node.name ? -1 : 1));
}

function countsOf({ strategy, selected, decisions }: RolloutInput): { limit: number; active: number; failed: number } {
  const rolling = strategy.type === "rolling";
  const limit = rolling ? share(strategy.rolling?.maxUpdate ?? 1, selected) : Number.MAX_SAFE_INTEGER;
  const active = decisions.filter((decision) => decision.active !== undefined).length;
  return { limit, active, failed: rolling ? failuresOf(decisions) : 0 };
}

function failuresOf(decisions: readonly Decision[]): number {
  return decisions.filter(({ wanted, failed }) => wanted === "present" && failed).length;
}

function brakeOf({ strategy, selected, decisions }: RolloutInput): Hold | undefined {
  const failed = failuresOf(decisions);
  const limit = maxFailures(strategy, selected);
  if (failed < limit) return undefined;
  const count = `${failed} of ${selected} nodes failed (maxFailures is ${limit})`;
  const message = `${count}: no further node is started until they are well or the spec changes`;
  return { reason: "TooManyFailures", message };
}

function maxFailures({ type, maxFailures: wanted }: ShimSpecRolloutStrategy, selected: number): number {
  if (wanted !== undefined) return share(wanted, selected);
  return type === "rolling" ? 1 : Math.max(3, share("10%", selected));
}

/** A number, or a percentage of `total` rounded down; at least 1. */
export function share(value: number | string, total: number): number {
  const number = typeof value === "number" ? value : Number.parseInt(value, 10);
  const isPercentage = typeof value === "string" && value.endsWith("%");
  return Math.max(1, isPercentage ? Math.floor((total * number) / 100) : number);
}
