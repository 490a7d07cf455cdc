import { statusLabel, appNameLabel, type SpinId } from "./app-id.ts";
import { isRolledOut, type DeploymentView } from "./deployment-view.ts";
import type { PodTrouble } from "./pod-trouble.ts";
import type { Problem } from "./problem.ts";
import type { ServiceView } from "./service-view.ts";
import { addressOf } from "./service.ts";
import type { ExecutorObject, SpinAppObject, SpinAppStatusJson } from "./spinapp-object.ts";

export interface StatusInput {
  readonly id: SpinId;
  readonly app: SpinAppObject;
  /** Undefined when there is none. */
  readonly executor: ExecutorObject | undefined;
  /** Ours. */
  readonly deployment: DeploymentView | undefined;
  /** Ours. */
  readonly service: ServiceView | undefined;
  readonly problem: Problem | undefined;
  readonly troubles: readonly PodTrouble[];
  /** RFC 3339 */
  readonly now: string;
}

type Condition = NonNullable<SpinAppStatusJson["conditions"]>[number];
type Verdict = Pick<Condition, "status" | "reason" | "message">;

const MAX_MESSAGE = 2000;

/** The whole status; a field that is not in it is to go. */
export function statusOf(input: StatusInput): SpinAppStatusJson {
  const { id, app, service } = input;
  return {
    observedGeneration: app.metadata.generation ?? 0,
    ...schedulerOf(input),
    ...podsOf(input),
    selector: `${appNameLabel(id.group)}=${id.name},${statusLabel(id)}=ready`,
    ...(service === undefined ? {} : { address: addressOf(id, app, service.outside), serviceName: id.name }),
    conditions: conditionsOf(input),
  };
}

function schedulerOf({ app, executor }: StatusInput): Pick<SpinAppStatusJson, "activeScheduler"> {
  const name = executor?.metadata.name ?? app.spec.executor ?? "";
  return name === "" ? {} : { activeScheduler: name };
}

function podsOf({ id, deployment }: StatusInput): Omit<SpinAppStatusJson, "conditions"> {
  if (deployment === undefined) return { readyReplicas: 0, replicas: 0, updatedReplicas: 0 };
  const { ready, wanted, replicas, updated } = deployment;
  const deploymentName = id.name;
  return { readyReplicas: ready, desiredReplicas: wanted, replicas, updatedReplicas: updated, deploymentName };
}

function conditionsOf(input: StatusInput): Condition[] {
  const before = new Map((input.app.status?.conditions ?? []).map((condition) => [condition.type, condition]));
  const verdicts: readonly (readonly [string, Verdict | undefined])[] = [
    ["Ready", readiness(input)],
    ["Available", copied(input, "Available")],
    ["Progressing", copied(input, "Progressing")],
  ];
  return verdicts.flatMap(([type, verdict]) => {
    if (verdict === undefined) return [];
    const last = before.get(type);
    const lastTransitionTime = last?.status === verdict.status ? last.lastTransitionTime : input.now;
    const observedGeneration = input.app.metadata.generation ?? 0;
    const message = verdict.message.slice(0, MAX_MESSAGE).toWellFormed();
    return [{ type, ...verdict, message, observedGeneration, lastTransitionTime }];
  });
}

function readiness({ id, executor, deployment, problem, troubles }: StatusInput): Verdict {
  if (problem !== undefined) return { status: "False", ...problem };
  if (executor?.spec.createDeployment === false) {
    const message = `The Service is there; executor "${executor.metadata.name ?? ""}" brings the pods, with the label ${statusLabel(id)}=ready`;
    return { status: "True", reason: "ServiceReady", message };
  }
  if (deployment !== undefined) return rollout(deployment, troubles);
  return { status: "False", reason: "Progressing", message: "The Deployment is being made" };
}

function rollout(deployment: DeploymentView, troubles: readonly PodTrouble[]): Verdict {
  const { wanted, available, updated } = deployment;
  if (isRolledOut(deployment)) {
    if (wanted === 0) return { status: "True", reason: "ScaledToZero", message: "No pods are wanted" };
    return { status: "True", reason: "Running", message: `${available} of ${wanted} pods run` };
  }
  const counts = `${available} of ${wanted} pods are available, ${Math.min(updated, wanted)} have the present spec`;
  const trouble = troubles.find(({ reason }) => reason !== undefined);
  if (trouble?.reason !== undefined) {
    return { status: "False", reason: trouble.reason, message: `${trouble.message} (${counts})` };
  }
  const failure = deployment.conditions.find(({ type, status }) => type === "ReplicaFailure" && status === "True");
  const late = deployment.conditions.find(({ type, status }) => type === "Progressing" && status === "False");
  const { reason = "Progressing", message = "" } = failure ?? late ?? {};
  return { status: "False", reason, message: message === "" ? counts : `${message} (${counts})` };
}

/** As the Deployment says it. */
function copied({ executor, deployment }: StatusInput, wanted: "Available" | "Progressing"): Verdict | undefined {
  if (deployment === undefined) {
    if (executor?.spec.createDeployment === false) return undefined;
    return { status: "Unknown", reason: "DeploymentNotFound", message: "Deployment not found" };
  }
  const found = deployment.conditions.find(({ type }) => type === wanted);
  if (found === undefined) return undefined;
  const { status, reason = "", message = "" } = found;
  const known = status === "True" || status === "False" ? status : "Unknown";
  return { status: known, reason: reason === "" ? wanted : reason, message };
}
