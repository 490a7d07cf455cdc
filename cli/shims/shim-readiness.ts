import { isTerminal } from "@rcm/lib/install-job";
import type { NodeState, ShimObject } from "./shims.ts";

/** What the manager says of a Shim, as far as a rollout is concerned. */
export interface ShimReadiness {
  /**
   * - `ready`: every selected node has the wanted version.
   * - `moving`: it goes on by itself, or when a node comes.
   * - `stuck`: it does not become ready unless a person does something.
   */
  readonly state: "ready" | "moving" | "stuck";
  /** For people: the condition's reason and message. */
  readonly text: string;
}

const SILENT = "its manager has said nothing yet: see that it runs";
const LATE = "its manager has not seen the last change yet: see that it runs";

/** Reasons of the condition Ready that only a person ends. */
const HELD: ReadonlySet<string> = new Set([
  "HandlerConflict",
  "RuntimeClassConflict",
  "RuntimeClassRefused",
  "Removing",
]);
/** The brake: no fresh node is started, but failed ones are tried again, and it ends when enough of them are well. */
const BRAKE = "TooManyFailures";
/** What the manager adds to the message of a node that has failed so often that it is not tried again. */
const GIVEN_UP = /\(given up after \d+ tries/;

/** What the condition Ready says about the present spec. */
export function readinessOfShim(shim: ShimObject): ShimReadiness {
  const ready = shim.status?.conditions?.find(({ type }) => type === "Ready");
  if (ready === undefined) return { state: "moving", text: SILENT };
  if (!isOfPresent(shim, ready.observedGeneration)) return { state: "moving", text: LATE };
  const { status, reason, message } = ready;
  const isStuck = HELD.has(reason) || (reason === BRAKE ? isBrakeForGood(shim) : isHopeless(shim));
  const text = message === "" ? reason : `${reason}: ${message}`;
  return { state: status === "True" ? "ready" : isStuck ? "stuck" : "moving", text };
}

function isOfPresent({ metadata: { generation = 0 } = {} }: ShimObject, observed = generation): boolean {
  return observed >= generation;
}

/** Whether nodes are left that need another spec, and nothing else is going on. */
function isHopeless({ status: { nodeStates = [], nodeStatesOmitted = 0 } = {} }: ShimObject): boolean {
  if (nodeStatesOmitted > 0) return false; // One of those may still be on its way.
  const behind = nodeStates.filter(({ state }) => state !== "Proven" && state !== "Loaded");
  return behind.length > 0 && behind.every((node) => node.state === "Unsupported" || isLost(node));
}

/** Whether no failed node is tried again; those that the status has no room for may be. */
function isBrakeForGood({ status: { nodeStates = [], nodesFailed = 0 } = {} }: ShimObject): boolean {
  const failed = nodeStates.filter((node) => hasFailed(node));
  return failed.length > 0 && failed.length >= nodesFailed && failed.every((node) => isLost(node));
}

function hasFailed({ state }: NodeState): boolean {
  return state === "Failed" || state === "RolledBack";
}

function isLost(node: NodeState): boolean {
  const { state, reason, message = "" } = node;
  const isFinal = isTerminal(reason, state === "RolledBack");
  return hasFailed(node) && (isFinal || GIVEN_UP.test(message));
}
