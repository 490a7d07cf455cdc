import { SHIM_GROUP, SHIM_VERSION } from "@rcm/crds";
import type { KubeObject, Resource } from "@rcm/lib/kube";
import type { JobJson } from "./job-view.ts";
import type { NewJob } from "./job.ts";
import type { NodeJson } from "./node-view.ts";
import type { PodJson } from "./pod-view.ts";
import type { RuntimeClassJson } from "./runtime-class.ts";
import type { ShimObject } from "./shim-object.ts";

export const SHIMS: Resource<ShimObject> = {
  group: SHIM_GROUP,
  version: SHIM_VERSION,
  plural: "shims",
  kind: "Shim",
  namespaced: false,
};

export const NODES: Resource<NodeJson> = { group: "", version: "v1", plural: "nodes", kind: "Node", namespaced: false };

export const PODS: Resource<PodJson> = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };

export const RUNTIME_CLASSES: Resource<RuntimeClassJson> = {
  group: "node.k8s.io",
  version: "v1",
  plural: "runtimeclasses",
  kind: "RuntimeClass",
  namespaced: false,
};

const JOBS_PLACE = { group: "batch", version: "v1", plural: "jobs", kind: "Job", namespaced: true } as const;
export const JOBS: Resource<JobJson> = JOBS_PLACE;
/** The same resource, as we write it. */
export const NEW_JOBS: Resource<NewJob> = JOBS_PLACE;

export interface CoreEvent extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly firstTimestamp?: string | null;
  readonly series?: { readonly lastObservedTime?: string };
}

/** What the kubelet and the Job controller say. */
export const CORE_EVENTS: Resource<CoreEvent> = {
  group: "",
  version: "v1",
  plural: "events",
  kind: "Event",
  namespaced: true,
};
