/** For tests: Shims as their manager leaves them. */
import type { NodeState, ShimObject } from "./shims.ts";

export const NOW = Date.parse("2026-11-27T12:00:00Z");

/** A node that is well since five minutes unless told. */
export function exampleNode(name: string, other: Partial<NodeState> = {}): NodeState {
  const digest = "3fd0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e";
  return { name, state: "Proven", since: "2026-11-27T11:55:00Z", attempt: 1, digest, ...other };
}

/** @param reason of the condition Ready, which is true for `Provisioned`. */
export function exampleShim(
  reason: string,
  nodeStates: readonly NodeState[],
  other: Partial<ShimObject> = {},
): ShimObject {
  const condition = {
    type: "Ready",
    status: reason === "Provisioned" ? "True" : "False",
    observedGeneration: 2,
    lastTransitionTime: "2026-11-27T11:55:00Z",
    reason,
    message: "what the manager says",
  } as const;
  return {
    metadata: { name: "spin-v2", generation: 2 },
    spec: {
      fetchStrategy: { anonHttp: { location: "https://example.com/shim.tar.gz" } },
      runtimeClass: { name: "wasmtime-spin-v2", handler: "spin" },
      rolloutStrategy: { type: "recreate" },
    },
    status: { nodeStates: [...nodeStates], conditions: [condition] },
    ...other,
  };
}
