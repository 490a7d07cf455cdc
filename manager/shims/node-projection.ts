import { nodeKey } from "@rcm/crds";
import type { NodeLabelValue } from "@rcm/crds";
import type { Decision } from "./decide-node.ts";
import type { NodeView } from "./node-view.ts";
import { recordText, type NodeRecord } from "./record.ts";
import { isSame } from "./same.ts";

/** What of ours a Node should carry for a Shim; null takes a key away, as in a JSON merge patch. */
export interface NodePatch {
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string | null>>;
  readonly annotations: Readonly<Record<string, string | null>>;
  /** Brings pods to the node, and so has to wait until all else is written. */
  readonly promotes: boolean;
}

export interface ProjectionContext {
  readonly shim: string;
  /** Labels that Shims select by: upstream's bare label `<shim>` is not written where it would overwrite one of them. */
  readonly selectorKeys: ReadonlySet<string>;
}

/** Values that upstream gives its label; with any other the label is somebody else's. */
const UPSTREAM_VALUES: ReadonlySet<string> = new Set(["provisioned", "pending", "failed"]);

/** The patch that brings the Node's label and annotation in line with the decision, or undefined if they are. */
export function projectNode(
  decision: Decision,
  isStarting: boolean,
  context: ProjectionContext,
): NodePatch | undefined {
  const { node } = decision;
  const record = isStarting ? maybeTouched(decision.record) : decision.record;
  const label = labelOf(decision, isStarting) ?? null;
  const key = nodeKey(context.shim);
  const labels = changed(node.labels, { [key]: label, ...bareLabel(decision, label, context) });
  const annotations = isNoted(node, key, record) ? {} : { [key]: record === undefined ? null : recordText(record) };
  if (Object.keys(labels).length + Object.keys(annotations).length === 0) return undefined;
  return { name: node.name, uid: node.uid, labels, annotations, promotes: labels[key] === "provisioned" };
}

function labelOf(decision: Decision, isStarting: boolean): NodeLabelValue | undefined {
  const { record, wanted, active, failed, node } = decision;
  if (isClean(decision) && !isStarting) return undefined;
  if (wanted === "absent" || active?.operation === "uninstall") return "uninstalling";
  if (serves(record, node)) return "provisioned";
  return failed && !isStarting ? "failed" : "pending";
}

function isClean({ touched, active, wanted, settled }: Decision): boolean {
  return (!touched && active === undefined) || (wanted === "absent" && settled);
}

/** The handler works on this node, be it in the wanted version or in the one before. */
function serves(record: NodeRecord | undefined, node: NodeView): boolean {
  if (record?.operation !== "install") return false;
  if (record.bootId !== node.bootId || record.machineId !== node.machineId) return false;
  return record.level === "Loaded" || record.level === "Proven";
}

/** Upstream's label; it knows three values. */
function bareLabel(
  { node }: Decision,
  label: NodeLabelValue | null,
  { shim, selectorKeys }: ProjectionContext,
): Readonly<Record<string, string | null>> {
  const present = node.labels[shim];
  const isForeign = present !== undefined && !UPSTREAM_VALUES.has(present);
  if (selectorKeys.has(shim) || isForeign) return {};
  return { [shim]: label === "uninstalling" ? "pending" : label };
}

/** Before a Job is made, so that one of which nothing is ever heard leaves no false hope. */
function maybeTouched(record: NodeRecord | undefined): NodeRecord | undefined {
  if (record?.untouched !== true) return record;
  const { untouched: _, ...rest } = record;
  return rest;
}

/** The Node says so already; mostly it is the very record that was read from it. */
function isNoted({ records }: NodeView, key: string, record: NodeRecord | undefined): boolean {
  if (record === undefined) return !Object.hasOwn(records, key);
  return record === records[key] || isSame(record, records[key]);
}

function changed(
  present: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string | null>>,
): Record<string, string | null> {
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => (present[key] ?? null) !== value));
}
