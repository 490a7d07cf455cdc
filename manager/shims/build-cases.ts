import { exampleFacts, NOW_MS } from "./build-examples.ts";
import { decideNode, type Decision, type NodeFacts } from "./decide-node.ts";
import type { Plan } from "./plan.ts";

/** What is known of a node, and what is decided then. */
export interface Case {
  readonly says: string;
  readonly facts: Partial<NodeFacts>;
  readonly expected: Partial<Decision>;
  /** Operation and attempt of what is started. */
  readonly starts?: string;
}

/** What is decided in a case, and the operation and attempt of what is started. */
export function decided({ facts }: Case): { readonly decision: Decision; readonly started: string | undefined } {
  const decision = decideNode(exampleFacts(facts), NOW_MS);
  const { start } = decision;
  return { decision, started: start === undefined ? undefined : `${start.operation} ${start.attempt}` };
}

/** What is started: operation, node, attempt. */
export function startsOf({ starts }: Plan): readonly string[] {
  return starts.map(({ operation, node, attempt }) => `${operation} ${node.name} ${attempt}`);
}
