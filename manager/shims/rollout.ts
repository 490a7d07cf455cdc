import type { ShimSpecRolloutStrategy } from "@rcm/crds";
import type { Decision } from "./decide-node.ts";

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
}

export interface Rollout {
  readonly starts: readonly Decision[];
  /** Why nodes that could be started are not, when it is more than waiting for their turn. */
  readonly hold: { readonly reason: string; readonly message: string } | undefined;
}

/** Chooses which nodes may start now: retries first, since their nodes count as out of service already. */
export function planRollout(input: RolloutInput): Rollout {
  const ready = input.decisions
    .filter(({ start, node }) => start !== undefined && !input.busy.has(node.uid))
    .toSorted((a, b) => (a.node.name < b.node.name ? -1 : 1));
  const removals = ready.filter(({ start }) => start?.operation === "uninstall");
  const hold = holdOf(input);
  const retries = input.paused ? [] : ready.filter(({ start, failed }) => start?.operation !== "uninstall" && failed);
  const fresh =
    hold === undefined ? ready.filter(({ start, failed }) => start?.operation !== "uninstall" && !failed) : [];
  const { limit, active, failed } = countsOf(input);
  const own = [...removals, ...retries].slice(0, Math.max(0, limit - active));
  const room = Math.max(0, limit - active - failed - own.filter((decision) => !decision.failed).length);
  const starts = [...own, ...fresh.slice(0, room)].slice(0, Math.max(0, input.slots));
  return { starts, hold: ready.length === removals.length && !input.paused ? holdWhenFailed(input, hold) : hold };
}

function countsOf({ strategy, selected, decisions }: RolloutInput): { limit: number; active: number; failed: number } {
  const rolling = strategy.type === "rolling";
  const limit = rolling ? share(strategy.rolling?.maxUpdate ?? 1, selected) : Number.MAX_SAFE_INTEGER;
  const active = decisions.filter((decision) => decision.active !== undefined).length;
  return { limit, active, failed: rolling ? decisions.filter((decision) => decision.failed).length : 0 };
}

function holdOf(input: RolloutInput): Rollout["hold"] {
  if (input.paused) return { reason: "Paused", message: "spec.paused is true: no further node is changed" };
  const failed = input.decisions.filter((decision) => decision.failed).length;
  const limit = maxFailures(input.strategy, input.selected);
  if (failed < limit) return undefined;
  return {
    reason: "TooManyFailures",
    message: `${failed} of ${input.selected} nodes failed (maxFailures is ${limit}): no further node is started until they are well or the spec changes`,
  };
}

/** The brake is news only while some node still waits behind it. */
function holdWhenFailed(input: RolloutInput, hold: Rollout["hold"]): Rollout["hold"] {
  return input.decisions.some(({ start, failed }) => start !== undefined && !failed) ? hold : undefined;
}

function maxFailures({ type, maxFailures: wanted }: ShimSpecRolloutStrategy, selected: number): number {
  if (wanted !== undefined) return share(wanted, selected);
  return type === "rolling" ? 1 : Math.max(3, share("10%", selected));
}

/** A number, or a percentage of `total` rounded down; at least 1. */
export function share(value: number | string, total: number): number {
  if (typeof value === "number") return Math.max(1, value);
  const percent = Number.parseInt(value, 10);
  return Math.max(
    1,
    Math.floor((total * (value.endsWith("%") ? percent : 0)) / 100) || (value.endsWith("%") ? 1 : percent),
  );
}
