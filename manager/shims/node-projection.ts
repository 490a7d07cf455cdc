import { nodeKey } from "@rcm/crds";
import type { NodeLabelValue } from "@rcm/crds";
import type { Decision } from "./decide-node.ts";
import { recordText } from "./record.ts";

/** What of ours a Node should carry for a Shim; null takes a key away, as in a JSON merge patch. */
export interface NodePatch {
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string | null>>;
  readonly annotations: Readonly<Record<string, string | null>>;
}

export interface ProjectionContext {
  readonly shim: string;
  readonly deleting: boolean;
  /** Labels that Shims select by: upstream's bare label `<shim>` is not written where it would overwrite one of them. */
  readonly selectorKeys: ReadonlySet<string>;
}

/** The patch that brings the Node's label and annotation in line with the decision, or undefined if they are. */
export function projectNode(decision: Decision, starting: boolean, context: ProjectionContext): NodePatch | undefined {
  const { node, record } = decision;
  const label = labelOf(decision, starting, context) ?? null;
  const key = nodeKey(context.shim);
  const bare = context.selectorKeys.has(context.shim) ? undefined : context.shim;
  const labels = changed(node.labels, {
    [key]: label,
    ...(bare === undefined ? {} : { [bare]: upstreamValue(label) }),
  });
  const annotations = changed(node.annotations, { [key]: record === undefined ? null : recordText(record) });
  if (Object.keys(labels).length + Object.keys(annotations).length === 0) return undefined;
  return { name: node.name, uid: node.uid, labels, annotations };
}

function labelOf(decision: Decision, starting: boolean, { deleting }: ProjectionContext): NodeLabelValue | undefined {
  const { state, record, active } = decision;
  const working = starting || active !== undefined;
  if (state === "Removing")
    return decision.settled ? undefined : record !== undefined || working ? "uninstalling" : undefined;
  if (deleting) return "uninstalling";
  if (serves(decision)) return "provisioned";
  if (working) return "pending";
  return decision.failed ? "failed" : record === undefined ? undefined : "pending";
}

/** The handler works on this node, be it in the wanted version or in the one before. */
function serves({ record, node }: Decision): boolean {
  if (record === undefined || record.bootId !== node.bootId || record.machineId !== node.machineId) return false;
  return record.level === "Loaded" || record.level === "Proven";
}

/** Upstream knows three values. */
function upstreamValue(label: NodeLabelValue | null): string | null {
  return label === "uninstalling" ? "pending" : label;
}

function changed(
  present: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string | null>>,
): Record<string, string | null> {
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => (present[key] ?? null) !== value));
}
