import {
  isKubeError,
  type Kube,
  type KubeErrorCode,
  type KubeObject,
  type PartialObject,
  type Resource,
} from "@rcm/lib/kube";
import type { Informer } from "../runtime/informer.ts";
import type { SpinId } from "./app-id.ts";
import type { SpinAppCache } from "./cache.ts";
import type { ChildView } from "./child-view.ts";
import { deploymentView, type DeploymentJson, type DeploymentView } from "./deployment-view.ts";
import { FIELD_MANAGER, HAND_OVER_MANAGER } from "./field-manager.ts";
import { fingerprint } from "./fingerprint.ts";
import type { Applied, Memo } from "./memo.ts";
import type { Operator } from "./operator.ts";
import type { Step } from "./plan.ts";
import { DEPLOYMENTS, SECRETS, SERVICES } from "./resources.ts";
import { serviceView, type ServiceJson, type ServiceView } from "./service-view.ts";
import type { Written } from "./written.ts";

type Writer = Pick<Operator, "kube" | "cache" | "certificates">;

/** What was wanted is there already. */
const GONE: readonly KubeErrorCode[] = ["NotFound", "Conflict"];

/** Takes one step for a SpinApp. What is there already, by the memo, costs no request. */
export async function takeStep(
  writer: Writer,
  { id, memo }: { readonly id: SpinId; readonly memo: Memo },
  step: Step,
  signal: AbortSignal,
): Promise<void> {
  const { kube, cache, certificates } = writer;
  const { namespace, name } = id;
  switch (step.kind) {
    case "installCertificates":
      await certificates.install({ namespace, name: step.name }, cache.data("Secret", namespace, step.name), signal);
      return;
    case "applySecret":
      await kube.apply(SECRETS, step.object, { force: true, fieldManager: FIELD_MANAGER }, signal);
      return;
    case "handOverReplicas":
      await handOver(kube, id, step.replicas, signal);
      return;
    case "applyDeployment":
      memo.deployment = await applyChild(kube, deployments(cache, id), { ...step, last: memo.deployment }, signal);
      return;
    case "applyService":
      memo.service = await applyChild(kube, services(cache, id), { ...step, last: memo.service }, signal);
      return;
    case "deleteDeployment":
      await unlessGone(
        kube.delete(DEPLOYMENTS, { namespace, name }, { uid: step.uid, propagation: "Background" }, signal),
      );
      return;
    case "deleteSecret":
      await unlessGone(kube.delete(SECRETS, { namespace, name: step.name }, { uid: step.uid }, signal));
  }
}

function deployments(cache: SpinAppCache, { group }: SpinId): Place<DeploymentJson, DeploymentView> {
  const { deployments: informer, writtenDeployments: written } = cache.group(group);
  return { resource: DEPLOYMENTS, informer, written, view: deploymentView };
}

function services(cache: SpinAppCache, { group }: SpinId): Place<ServiceJson, ServiceView> {
  const { services: informer, writtenServices: written } = cache.group(group);
  return { resource: SERVICES, informer, written, view: serviceView };
}

async function handOver(kube: Kube, { namespace, name }: SpinId, replicas: number, signal: AbortSignal): Promise<void> {
  const object = { metadata: { namespace, name }, spec: { replicas } };
  await kube.apply(DEPLOYMENTS, object, { force: true, fieldManager: HAND_OVER_MANAGER }, signal);
}

/** Where the Deployment or the Service of a SpinApp is kept. */
interface Place<T extends KubeObject, V extends ChildView> {
  readonly resource: Resource<T>;
  readonly informer: Informer<T, V>;
  readonly written: Written<V>;
  readonly view: (object: T) => V;
}

interface Wanted {
  readonly object: PartialObject;
  readonly force: boolean;
  /** What came of it the last time. */
  readonly last: Applied | undefined;
}

/** Applies what differs from the last time, or has been changed since. @returns what to remember. */
async function applyChild<T extends KubeObject, V extends ChildView>(
  kube: Kube,
  { resource, informer, written, view }: Place<T, V>,
  { object, force, last }: Wanted,
  signal: AbortSignal,
): Promise<Applied> {
  const key = `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
  const sent = fingerprint(object);
  const over = informer.store.get(key);
  const there = written.see(key, over, Date.now());
  if (last?.sent === sent && last.print === there?.print) return last;
  const after = view(await kube.apply(resource, object, { force, fieldManager: FIELD_MANAGER }, signal));
  written.set(key, { over, cached: informer.store.get(key), after }, Date.now());
  return { sent, print: after.print };
}

async function unlessGone(deletion: Promise<void>): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!isKubeError(error, ...GONE)) throw error;
  }
}
