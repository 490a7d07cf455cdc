export type {
  Shim,
  ShimSpec,
  ShimSpecFetchStrategy,
  ShimSpecRolloutStrategy,
  ShimStatus,
  ShimStatusNodeState,
} from "./generated/shim.ts";
export type { SpinApp, SpinAppSpec, SpinAppStatus } from "./generated/spinapp.ts";
export type { SpinAppExecutor, SpinAppExecutorSpec } from "./generated/spinappexecutor.ts";
export * from "./names.ts";
