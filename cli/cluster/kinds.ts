import {
  SPIN_GROUP,
  SPIN_OLDER_GROUP,
  SPIN_VERSION,
  type SpinAppExecutorSpec,
  type SpinAppSpec,
  type SpinAppStatus,
} from "@rcm/crds";
import type { Json, KubeObject, Resource } from "@rcm/lib/kube";
import type { Manifest } from "../app/manifest.ts";

/** A SpinApp as the API has it; it may have been stored before a field was required. */
export interface SpinAppObject extends KubeObject {
  readonly spec: Json<SpinAppSpec>;
  readonly status?: Json<SpinAppStatus>;
}

/** A SpinAppExecutor as the API has it. */
export interface ExecutorObject extends KubeObject {
  readonly spec: Json<SpinAppExecutorSpec>;
}

/** What scales an application; whose it is. */
export interface AutoscalerObject extends KubeObject {
  readonly metadata?: NonNullable<KubeObject["metadata"]> & {
    readonly ownerReferences?: readonly { readonly uid: string }[];
    readonly managedFields?: readonly { readonly manager?: string }[];
  };
}

/** The part of a pod that commands look at. */
export interface PodObject extends KubeObject {
  readonly metadata?: NonNullable<KubeObject["metadata"]> & { readonly deletionTimestamp?: string };
  readonly spec?: {
    readonly containers?: readonly {
      readonly name: string;
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export const SPIN_APPS: Resource<SpinAppObject> = {
  group: SPIN_GROUP,
  version: SPIN_VERSION,
  plural: "spinapps",
  kind: "SpinApp",
  namespaced: true,
};

/** The same of the group that manifests of before 2024 have. */
export const OLDER_SPIN_APPS: Resource<SpinAppObject> = { ...SPIN_APPS, group: SPIN_OLDER_GROUP };

export const PODS: Resource<PodObject> = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };

/** The operator looks in these in this order. */
export const EXECUTORS: readonly Resource<ExecutorObject>[] = [SPIN_GROUP, SPIN_OLDER_GROUP].map((group) => ({
  group,
  version: SPIN_VERSION,
  plural: "spinappexecutors",
  kind: "SpinAppExecutor",
  namespaced: true,
}));

/** Every kind of autoscaler that an application may have. */
export const AUTOSCALERS: readonly Resource<AutoscalerObject>[] = [
  {
    group: "autoscaling",
    version: "v2",
    plural: "horizontalpodautoscalers",
    kind: "HorizontalPodAutoscaler",
    namespaced: true,
  },
  { group: "keda.sh", version: "v1alpha1", plural: "scaledobjects", kind: "ScaledObject", namespaced: true },
];

const APPLIED: readonly Resource[] = [
  SPIN_APPS,
  { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true },
  ...AUTOSCALERS,
];

/** Where a manifest of ours lives in the API. */
export function resourceOf({ kind }: Manifest): Resource {
  const found = APPLIED.find((resource) => resource.kind === kind);
  if (found === undefined) throw new TypeError(`Cannot apply a ${kind}: no manifest of ours is one`);
  return found;
}

/** As kubectl names it: `spinapp.core.spinkube.dev/hello`. */
export function fullNameOf({ kind, group }: Resource, name: string): string {
  return `${kind.toLowerCase()}${group === "" ? "" : `.${group}`}/${name}`;
}
