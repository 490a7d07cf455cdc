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
const GROUP = "core.spinkube.dev";
const VERSION = `${GROUP}/v1alpha1`;
/** Autoscalers take their time. */
const SETTLED_MS = 150_000;

export interface SpinAppStatus {
  readonly metadata: { readonly generation: number };
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
export function spinAppExecutor(): object {
  return {
    apiVersion: VERSION,
    kind: "SpinAppExecutor",
    metadata: { name: "containerd-shim-spin", labels: { app: "rcm-test" } },
    spec: {
      createDeployment: true,
      deploymentConfig: { runtimeClassName: SPIN_CLASS, installDefaultCACerts: true },
    },
  };
}

export function spinApp(name: string, spec: object): object {
  const metadata = { name, labels: { app: "rcm-test" } };
  return { apiVersion: VERSION, kind: "SpinApp", metadata, spec: { executor: "containerd-shim-spin", ...spec } };
}

/** Readiness that is asked often, so that a pod gets requests as soon as it answers, and no sooner. */
export function readyAt(path: string): object {
  return { checks: { readiness: { httpGet: { path }, initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 5 } } };
}

export async function getSpinApp(kubectl: Kubectl, name: string): Promise<SpinAppStatus> {
  return JSON.parse(await kubectl(["get", "spinapp", name, "-o", "json"])) as SpinAppStatus;
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
  isDone: (app: SpinAppStatus) => boolean = () => true,
): Promise<SpinAppStatus> {
  let last: SpinAppStatus | undefined = undefined;
  try {
    return await eventually(`SpinApp ${name}`, SETTLED_MS, async () => {
      last = await getSpinApp(kubectl, name);
      const isCurrent = last.status?.observedGeneration === last.metadata.generation;
      return isCurrent && conditionOf(last)?.reason === reason && isDone(last) ? last : undefined;
    });
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
  const names = await kubectl([
    "get",
    "pods",
    "-l",
    `${GROUP}/app-name=${app}`,
    "-o",
    "jsonpath={.items[*].metadata.name}",
  ]);
  return names.split(" ").filter((name) => name !== "");
}

/** Where a SpinApp is asked from: a node of the cluster. */
interface Asking {
  readonly cluster: Cluster;
  readonly kubectl: Kubectl;
}

/** Kube-proxy refuses connections to a Service until it knows of a pod: it brings its rules up to date once a second. */
const REFUSED_MS = 5000;

/**
 * What a SpinApp answers through its Service, which may have its first pod just now. @param body makes it a POST.
 */
export async function askSpinApp(
  { cluster, kubectl }: Asking,
  app: string,
  path: string,
  body?: string,
): Promise<Answer> {
  const url = `http://${await addressOf(kubectl, app)}${path}`;
  for (const end = Date.now() + REFUSED_MS; ; await delay(200)) {
    try {
      return await ask(cluster, "node1", url, body);
    } catch (error) {
      if (Date.now() > end || !String(error).includes("ECONNREFUSED")) throw error;
    }
  }
}

/** The OCI artifact of an application of `test/guests`. */
export async function spinArtifactOf(name: SpinAppName): Promise<OciImage> {
  return spinArtifact(await lockedAppIn(await buildSpinApp(name)));
}
