import { childView, ownsReplicas, type ChildJson, type ChildView } from "./child-view.ts";
import { FIELD_MANAGER } from "./field-manager.ts";

interface DeploymentCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** A Deployment's JSON as far as `deploymentView` reads it. */
export interface DeploymentJson extends ChildJson {
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly conditions?: readonly DeploymentCondition[];
  };
}

export interface DeploymentView extends ChildView {
  /** Goes up with each change of the spec. */
  readonly generation: number;
  /** We set the number of pods the last time. */
  readonly ownsReplicas: boolean;
  readonly wanted: number;
  /** The Deployment controller has seen the present spec. */
  readonly observed: boolean;
  readonly replicas: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
  readonly conditions: readonly DeploymentCondition[];
}

export function deploymentView(deployment: DeploymentJson): DeploymentView {
  const { metadata, spec, status = {} } = deployment;
  return {
    ...childView(deployment),
    generation: metadata.generation ?? 1,
    ownsReplicas: ownsReplicas(deployment, FIELD_MANAGER),
    wanted: spec?.replicas ?? 1,
    observed: (status.observedGeneration ?? 0) >= (metadata.generation ?? 1),
    ...podsOf(status),
    conditions: (status.conditions ?? []).map(conditionView),
  };
}

function podsOf(
  status: NonNullable<DeploymentJson["status"]>,
): Pick<DeploymentView, "replicas" | "updated" | "ready" | "available"> {
  const {
    replicas = 0,
    updatedReplicas: updated = 0,
    readyReplicas: ready = 0,
    availableReplicas: available = 0,
  } = status;
  return { replicas, updated, ready, available };
}

/** Without times: they change with every pod. */
function conditionView({ type, status, reason = "", message = "" }: DeploymentCondition): DeploymentCondition {
  return { type, status, reason, message };
}

/** Whether `one` is the same Deployment before a change of its spec. */
export function isBefore(one: DeploymentView, other: DeploymentView): boolean {
  return one.uid === other.uid && one.generation < other.generation;
}

/** Every pod is of the present spec and available, and no other is left. */
export function isRolledOut({ observed, wanted, replicas, updated, available }: DeploymentView): boolean {
  return observed && updated >= wanted && replicas === updated && available >= updated;
}
