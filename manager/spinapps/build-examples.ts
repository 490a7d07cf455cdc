import type { SpinId } from "./app-id.ts";
import type { DeploymentView } from "./deployment-view.ts";
import type { ServiceView } from "./service-view.ts";
import type { ExecutorObject, SpinAppObject } from "./spinapp-object.ts";

/** For tests: the SpinApp "app" with what `spec` says over the least that it needs. */
export function spinApp(
  spec: Partial<SpinAppObject["spec"]> = {},
  status?: Partial<NonNullable<SpinAppObject["status"]>>,
): SpinAppObject {
  return {
    metadata: { name: "app", namespace: "ns", uid: "app-uid", generation: 3 },
    spec: { image: "example.org/app:1", executor: "shim", replicas: 2, ...spec },
    ...(status === undefined ? {} : { status: { readyReplicas: 0, ...status } }),
  };
}

export const APP_ID: SpinId = { group: "core.spinkube.dev", namespace: "ns", name: "app" };

type DeploymentConfig = NonNullable<ExecutorObject["spec"]["deploymentConfig"]>;

/** For tests: an executor that makes Deployments. */
export function executor(config: DeploymentConfig = { runtimeClassName: "spin" }, name = "shim"): ExecutorObject {
  return { metadata: { name, namespace: "ns" }, spec: { createDeployment: true, deploymentConfig: config } };
}

/** For tests: an executor that makes none. */
export function externalExecutor(): ExecutorObject {
  return { metadata: { name: "external", namespace: "ns" }, spec: { createDeployment: false } };
}

/** For tests: a Deployment of the SpinApp whose two pods run. */
export function runningDeployment(changes: Partial<DeploymentView> = {}): DeploymentView {
  const pods = { wanted: 2, replicas: 2, updated: 2, ready: 2, available: 2 };
  const base = { uid: "d", generation: 1, owner: "app-uid", print: "p", ownsReplicas: true, observed: true, ...pods };
  return { ...base, conditions: [{ type: "Available", status: "True", reason: "Enough", message: "m" }], ...changes };
}

/** For tests: the Service of the SpinApp. */
export function ownService(changes: Partial<ServiceView> = {}): ServiceView {
  return { uid: "s", owner: "app-uid", print: "p", outside: undefined, ...changes };
}
