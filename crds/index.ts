export type {
  Shim,
  ShimSpec,
  ShimSpecFetchStrategy,
  ShimSpecRolloutStrategy,
  ShimStatus,
  ShimStatusNodeState,
} from "./generated/shim.ts";
export * from "./names.ts";
