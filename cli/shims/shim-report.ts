import { ageOf } from "../output/age.ts";
import { tableOf } from "../output/table.ts";
import { readinessOfShim } from "./shim-readiness.ts";
import type { NodeState, ShimObject } from "./shims.ts";

const HEADING = ["NODE", "STATE", "FOR", "TRY", "SHA256", "MESSAGE"];
/** As much of a digest as people compare. */
const DIGEST_CHARACTERS = 12;

/**
 * What is the case with a Shim, for people: how it is, what is wanted, each node with what is to be done about it.
 *
 * @param now in milliseconds since 1970.
 */
export function reportOf(shim: ShimObject, now: number): string {
  const { metadata: { name = "" } = {}, status } = shim;
  const { nodeStates: nodes = [], nodeStatesOmitted: omitted = 0 } = status ?? {};
  const rows = nodes.map((node) => rowOf(node, now));
  return [
    `${name}: ${readinessOfShim(shim).text}\n`,
    `${wantedOf(shim)}\n`,
    ...(rows.length === 0 ? [] : ["\n", tableOf([HEADING, ...rows])]),
    ...(omitted === 0 ? [] : [`and ${omitted} more nodes\n`]),
    ...remediesOf(shim).map((line) => `\n${line}`),
  ].join("");
}

/** One line: what is new about a node. */
export function nodeLine({ name, state, reason = "", message = "" }: NodeState): string {
  return [name, state, reason, message].filter((part) => part !== "").join(": ");
}

function rowOf({ name, state, since, attempt, digest = "", reason = "", message = "" }: NodeState, now: number) {
  const note = [reason, message].filter((part) => part !== "").join(": ");
  const tries = attempt === undefined ? "" : String(attempt);
  return [name, state, ageOf(since, now), tries, digest.replace(/^sha256:/, "").slice(0, DIGEST_CHARACTERS), note];
}

function wantedOf({ spec, metadata }: ShimObject): string {
  const { runtimeClass, rolloutStrategy, paused } = spec;
  const { type = "recreate", rolling } = rolloutStrategy ?? {};
  const pace = type === "rolling" ? `rolling, ${String(rolling?.maxUpdate ?? 1)} at a time` : "all nodes at once";
  const parts = [`RuntimeClass ${runtimeClass.name}`, `handler ${runtimeClass.handler}`, pace];
  if (paused === true) parts.push("paused");
  if (metadata?.deletionTimestamp !== undefined) parts.push("being deleted");
  return parts.join(", ");
}

function remediesOf({ metadata: { name = "" } = {}, spec, status }: ShimObject): readonly string[] {
  const lines: string[] = [];
  const failed = (status?.nodeStates ?? []).find(({ state }) => state === "Failed" || state === "RolledBack");
  if (failed !== undefined) {
    lines.push(`What the installer said: kubectl shim logs ${name} --node ${failed.name}\n`);
    lines.push(`To try failed nodes again now: kubectl shim retry ${name}\n`);
  }
  if (spec.paused === true) lines.push(`To go on with the rollout: kubectl shim resume ${name}\n`);
  return lines.length === 0 ? [] : [lines.join("")];
}
