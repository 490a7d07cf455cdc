/** SpinApps on the cluster. All have the label `app=rcm-test`. */
import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "../cluster/index.ts";
import { buildSpinApp } from "../guests/spin-app.ts";
import type { SpinAppName } from "../guests/spin-app.ts";
import { ask } from "./ask.ts";
import type { Answer } from "./ask.ts";
import type { Kubectl } from "./kubectl.ts";
import { eventually } from "./kubectl.ts";
import type { OciImage } from "./oci-image.ts";
import { lockedAppIn, spinArtifact } from "./spin-artifact.ts";

export const SPIN_CLASS = "wasmtime-spin-v2";
export const GROUP = "core.spinkube.dev";
/** The group of before 2024, which the talk's manifests are of. */
export const OLDER_GROUP = "core.spinoperator.dev";
/** Autoscalers take their time. */
const SETTLED_MS = 150_000;

export interface SpinAppStatus {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly desiredReplicas?: number;
    readonly address?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }[];
  };
}

/** The SpinAppExecutor of the samples. */
export function spinAppExecutor(runtimeClassName = SPIN_CLASS, group = GROUP): object {
  return {
    apiVersion: `${group}/v1alpha1`,
    kind: "SpinAppExecutor",
    metadata: { name: "containerd-shim-spin", labels: { app: "rcm-test" } },
    spec: {
      createDeployment: true,
      deploymentConfig: { runtimeClassName, installDefaultCACerts: true },
    },
  };
}

export function spinApp(name: string, spec: object, group = GROUP): object {
  const apiVersion = `${group}/v1alpha1`;
  const metadata = { name, labels: { app: "rcm-test" } };
  return { apiVersion, kind: "SpinApp", metadata, spec: { executor: "containerd-shim-spin", ...spec } };
}

/** Readiness that is asked often, so that a pod gets requests as soon as it answers, and no sooner. */
export function readyAt(path: string): object {
  return { checks: { readiness: { httpGet: { path }, initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 5 } } };
}

export async function getSpinApp(kubectl: Kubectl, name: string, group = GROUP): Promise<SpinAppStatus> {
  return JSON.parse(await kubectl(["get", `spinapps.${group}`, name, "-o", "json"])) as SpinAppStatus;
}

export function conditionOf(
  { status }: SpinAppStatus,
  type = "Ready",
): { readonly status: string; readonly reason: string; readonly message: string } | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** Waits until the status speaks of the present spec and `Ready` has that reason. */
export async function waitForSpinApp(
  kubectl: Kubectl,
  name: string,
  reason: string,
  isDone?: (app: SpinAppStatus) => boolean,
): Promise<SpinAppStatus> {
  return awaitSpinApp(name, async () => getSpinApp(kubectl, name), { reason, isDone });
}

interface Awaited {
  readonly reason: string;
  readonly isDone?: ((app: SpinAppStatus) => boolean) | undefined;
  /** How often it is looked at. */
  readonly everyMs?: number;
}

/** The same of whatever `get` reads. */
export async function awaitSpinApp(
  name: string,
  get: () => Promise<SpinAppStatus>,
  { reason, isDone = () => true, everyMs }: Awaited,
): Promise<SpinAppStatus> {
  let last: SpinAppStatus | undefined = undefined;
  try {
    async function probe(): Promise<SpinAppStatus | undefined> {
      last = await get();
      const isCurrent = last.status?.observedGeneration === last.metadata.generation;
      return isCurrent && conditionOf(last)?.reason === reason && isDone(last) ? last : undefined;
    }
    return await eventually(`SpinApp ${name}`, SETTLED_MS, probe, everyMs);
  } catch (error) {
    throw new Error(`SpinApp ${name} is ${JSON.stringify(last, undefined, 1)}`, { cause: error });
  }
}

/** The address of a Service within the cluster. */
export async function addressOf(kubectl: Kubectl, service: string): Promise<string> {
  return kubectl(["get", "service", service, "-o", "jsonpath={.spec.clusterIP}"]);
}

/** Names of a SpinApp's pods. */
export async function podsOf(kubectl: Kubectl, app: string): Promise<readonly string[]> {
  const label = `${GROUP}/app-name=${app}`;
  const names = await kubectl(["get", "pods", "-l", label, "-o", "jsonpath={.items[*].metadata.name}"]);
  return names.split(" ").filter((name) => name !== "");
}

/** Where a SpinApp is asked from. */
interface Asking {
  readonly cluster: Cluster;
  readonly kubectl: Kubectl;
  readonly node?: string;
  /** How long nobody may be there, in milliseconds. */
  readonly patienceMs?: number;
}

/**
 * Kube-proxy refuses connections to a Service until it knows of a pod, and sends them to one that is gone until it knows
 * of that: it brings its rules up to date once a second, or later where much is going on.
 */
const NOBODY_MS = 20_000;
/** Ways for a connection not to be made: then nothing was asked. */
const NOBODY = /ECONNREFUSED|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT/;

/**
 * What a SpinApp answers through its Service, which may have its first pod just now. @param body makes it a POST.
 */
export async function askSpinApp(
  { cluster, kubectl, node = "node1", patienceMs = NOBODY_MS }: Asking,
  app: string,
  path: string,
  body?: string,
): Promise<Answer> {
  const url = `http://${await addressOf(kubectl, app)}${path}`;
  for (const end = Date.now() + patienceMs; ; await delay(200)) {
    try {
      return await ask(cluster, node, url, body);
    } catch (error) {
      if (Date.now() > end || !NOBODY.test(String(error))) throw error;
    }
  }
}

/** The OCI artifact of an application of `test/guests`. */
export async function spinArtifactOf(name: SpinAppName): Promise<OciImage> {
  return spinArtifact(await lockedAppIn(await buildSpinApp(name)));
}
