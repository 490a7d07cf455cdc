import type { PartialObject } from "@rcm/lib/kube";
import type { SpinId } from "./app-id.ts";
import { configSecretFor } from "./config-secret.ts";
import { isRolledOut, type DeploymentView } from "./deployment-view.ts";
import { deploymentFor } from "./deployment.ts";
import type { ServiceView } from "./service-view.ts";
import { serviceFor } from "./service.ts";
import type { ExecutorObject, SpinAppObject } from "./spinapp-object.ts";
import { caSecretName } from "./volumes.ts";

/** What was found out about the runtime configuration and other references; everything needed is there. */
export interface Prepared {
  /** Secret with the runtime configuration: one of ours, or the user's. */
  readonly secretName: string | undefined;
  /** Undefined when the Secret is the user's, or is known to be there. */
  readonly toml: string | undefined;
  readonly restartKey: string | undefined;
}

/** A Secret of ours with a runtime configuration. */
export interface ConfigSecret {
  readonly name: string;
  readonly uid: string;
}

export interface Observed {
  readonly id: SpinId;
  readonly app: SpinAppObject;
  readonly executor: ExecutorObject;
  readonly prepared: Prepared;
  /** Of the app's name, whoever controls it. */
  readonly deployment: DeploymentView | undefined;
  readonly service: ServiceView | undefined;
  readonly configSecrets: readonly ConfigSecret[];
}

/** A write, in words. Steps are taken in order. */
export type Step =
  | { readonly kind: "installCertificates"; readonly name: string }
  | { readonly kind: "applySecret"; readonly object: PartialObject }
  /** Another field manager is to own the number of pods, so that it stays when we leave it out. */
  | { readonly kind: "handOverReplicas"; readonly replicas: number }
  | { readonly kind: "applyDeployment" | "applyService"; readonly object: PartialObject; readonly force: boolean }
  | { readonly kind: "deleteDeployment"; readonly uid: string }
  | { readonly kind: "deleteSecret"; readonly name: string; readonly uid: string };

/** What is to be written so that the cluster has what a SpinApp says. */
export function planSpinApp(observed: Observed): readonly Step[] {
  const { id, app, service } = observed;
  const force = isOurs(service, app);
  return [
    ...(observed.executor.spec.createDeployment ? planDeployment(observed) : planNoDeployment(observed)),
    { kind: "applyService", object: serviceFor(id, app), force },
  ];
}

/**
 * What is to be removed once everything is written. Pods of an older spec may still start and read their Secret: it
 * goes when the rollout is over.
 *
 * @param observed as it is after the writing.
 */
export function planCleanUp({ app, executor, prepared, deployment, configSecrets }: Observed): readonly Step[] {
  const { createDeployment } = executor.spec;
  const isQuiet = isOurs(deployment, app) ? isRolledOut(deployment) : !createDeployment;
  if (!isQuiet) return [];
  return configSecrets
    .filter(({ name }) => name !== prepared.secretName || !createDeployment)
    .map(({ name, uid }) => ({ kind: "deleteSecret", name, uid }));
}

/** Whether an object belongs to this SpinApp, and not to one of the same name before it or in the other group. */
export function isOurs<T extends { readonly owner: string | undefined }>(
  child: T | undefined,
  { metadata }: SpinAppObject,
): child is T {
  return child !== undefined && child.owner === metadata.uid;
}

function planDeployment({ id, app, executor, prepared, deployment }: Observed): readonly Step[] {
  const { secretName, toml } = prepared;
  const ca = executor.spec.deploymentConfig?.installDefaultCACerts === true ? caSecretName(executor) : undefined;
  const isFresh = secretName !== undefined && toml !== undefined;
  return [
    ...(ca === undefined ? [] : [{ kind: "installCertificates", name: ca } as const]),
    ...(isFresh
      ? [{ kind: "applySecret", object: configSecretFor(id, app, { name: secretName, toml }) } as const]
      : []),
    ...handOver(app, deployment),
    {
      kind: "applyDeployment",
      object: deploymentFor(id, app, executor, prepared),
      // One that is not ours must not be taken over: without force the server refuses to change others' fields.
      force: isOurs(deployment, app),
    },
  ];
}

function handOver(app: SpinAppObject, deployment: DeploymentView | undefined): readonly Step[] {
  if (app.spec.enableAutoscaling !== true || !isOurs(deployment, app) || !deployment.ownsReplicas) return [];
  return [{ kind: "handOverReplicas", replicas: deployment.wanted }];
}

function planNoDeployment({ app, deployment }: Observed): readonly Step[] {
  return isOurs(deployment, app) ? [{ kind: "deleteDeployment", uid: deployment.uid }] : [];
}
