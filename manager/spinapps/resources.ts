import { SPIN_VERSION } from "@rcm/crds";
import type { KubeObject, Resource } from "@rcm/lib/kube";
import type { SpinGroup } from "./app-id.ts";
import type { DeploymentJson } from "./deployment-view.ts";
import type { PodJson } from "./pod-trouble.ts";
import type { ServiceJson } from "./service-view.ts";
import type { ExecutorObject, SpinAppObject } from "./spinapp-object.ts";

export function spinApps(group: SpinGroup): Resource<SpinAppObject> {
  return { group, version: SPIN_VERSION, plural: "spinapps", kind: "SpinApp", namespaced: true };
}

export function spinAppExecutors(group: SpinGroup): Resource<ExecutorObject> {
  return { group, version: SPIN_VERSION, plural: "spinappexecutors", kind: "SpinAppExecutor", namespaced: true };
}

export const DEPLOYMENTS: Resource<DeploymentJson> = {
  group: "apps",
  version: "v1",
  plural: "deployments",
  kind: "Deployment",
  namespaced: true,
};

export const SERVICES: Resource<ServiceJson> = core("services", "Service");
export const APP_PODS: Resource<PodJson> = core("pods", "Pod");

/** A Secret (data in base64) or a ConfigMap. */
export interface DataObject extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
  /** Of ConfigMaps: bytes, in base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
}

export const SECRETS: Resource<DataObject> = core("secrets", "Secret");
export const CONFIG_MAPS: Resource<DataObject> = core("configmaps", "ConfigMap");

function core<T extends KubeObject>(plural: string, kind: string): Resource<T> {
  return { group: "", version: "v1", plural, kind, namespaced: true };
}
