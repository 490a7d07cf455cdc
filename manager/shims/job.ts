import { JOB_NODE_UID_LABEL, JOB_OPERATION_LABEL, JOB_SHIM_LABEL, MANAGED_BY, MANAGED_BY_LABEL } from "@rcm/crds";
import { ARTIFACT_DIR, REQUEST_ENV } from "@rcm/lib/install-job";
import type { ArtifactSource, InstallRequest, Operation } from "@rcm/lib/install-job";
import { DAEMON_TOLERATIONS } from "./eligibility.ts";
import {
  ATTEMPT_ANNOTATION,
  BOOT_ANNOTATION,
  HASH_ANNOTATION,
  MACHINE_ANNOTATION,
  NODE_ANNOTATION,
  RETRY_VALUE_ANNOTATION,
  RUNTIME_ANNOTATION,
  UNTOUCHED_ANNOTATION,
  WHY_ANNOTATION,
} from "./job-view.ts";
import type { NodeView } from "./node-view.ts";
import { ownerReference, type OwnerReference } from "./runtime-class.ts";
import { nameOf, type ShimObject } from "./shim-object.ts";
import { shortHash } from "./wanted.ts";

/** Settings of the installer's Jobs that come from the manager's command line. */
export interface JobSettings {
  readonly namespace: string;
  readonly image: string;
  readonly imagePullPolicy: "Always" | "IfNotPresent" | "Never";
  readonly imagePullSecrets: readonly string[];
  readonly serviceAccount: string;
  readonly priorityClass: string;
  /** A Job that takes longer is stopped, in seconds. */
  readonly deadlineSeconds: number;
  /** A finished Job is kept this long, in seconds, for its logs. */
  readonly ttlSeconds: number;
  /** ConfigMap whose keys become environment variables of the fetch container (proxies, retries). */
  readonly fetchConfigMap: string | undefined;
  /** ConfigMap with a key `ca.crt`: certificates that the fetch container trusts besides the public ones. */
  readonly caConfigMap: string | undefined;
}

export interface JobOrder {
  readonly shim: ShimObject;
  readonly node: NodeView;
  readonly operation: Operation;
  readonly attempt: number;
  readonly hash: string;
  readonly artifact: ArtifactSource | undefined;
  readonly retry: string;
  readonly why: string;
  /** No container of the Shim's Jobs has ever started on the machine. */
  readonly untouched: boolean;
}

const NONROOT = 65532;

/**
 * Host folders that the installer needs, and nothing else of the host: containerd's configuration, the shims' store,
 * CRI's socket, systemd's private socket (restart, and what must outlive the Job) and the machine's identity.
 */
const HOST_PATHS = [
  { name: "config", path: "/etc/containerd", type: "Directory" },
  { name: "store", path: "/opt/rcm", type: "DirectoryOrCreate" },
  { name: "cri", path: "/run/containerd", type: "Directory" },
  { name: "systemd", path: "/run/systemd/private", type: "Socket" },
  { name: "machine-id", path: "/etc/machine-id", type: "File" },
] as const;

/** A Job to be made; `jobView` reads what matters of it back. */
export interface NewJob {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly ownerReferences: readonly OwnerReference[];
  };
  readonly spec: object;
}

/** One name for one try: making it twice is refused by the API server, so nothing is ever done twice. */
export function jobName(order: JobOrder): string {
  const { shim, node, operation, attempt, hash } = order;
  const identity = shortHash([shim.metadata.uid, node.uid, hash, operation, attempt].join("/"), 10);
  const readable = `${operation}-${nameOf(shim)}-${node.name}`.replaceAll(/[^a-z0-9-]+/g, "-").slice(0, 52);
  return `${readable.replace(/-+$/, "")}-${identity}`;
}

export function jobFor(order: JobOrder, settings: JobSettings): NewJob {
  const { shim, node, operation } = order;
  const labels = {
    [MANAGED_BY_LABEL]: MANAGED_BY,
    "app.kubernetes.io/component": "node-installer",
    [JOB_SHIM_LABEL]: nameOf(shim),
    [JOB_OPERATION_LABEL]: operation,
    [JOB_NODE_UID_LABEL]: node.uid,
  };
  return {
    metadata: {
      name: jobName(order),
      namespace: settings.namespace,
      labels,
      annotations: annotationsOf(order),
      ownerReferences: [ownerReference(shim)],
    },
    spec: {
      backoffLimit: 0, // The manager decides about another try, with another Job.
      activeDeadlineSeconds: settings.deadlineSeconds,
      ttlSecondsAfterFinished: settings.ttlSeconds,
      template: { metadata: { labels }, spec: podSpec(order, settings) },
    },
  };
}

function annotationsOf({ node, hash, attempt, retry, why, untouched }: JobOrder): Readonly<Record<string, string>> {
  return {
    [HASH_ANNOTATION]: hash,
    [ATTEMPT_ANNOTATION]: String(attempt),
    [NODE_ANNOTATION]: node.name,
    [RETRY_VALUE_ANNOTATION]: retry,
    [WHY_ANNOTATION]: why,
    [MACHINE_ANNOTATION]: node.machineId,
    [BOOT_ANNOTATION]: node.bootId,
    [RUNTIME_ANNOTATION]: node.runtimeVersion,
    ...(untouched ? { [UNTOUCHED_ANNOTATION]: "true" } : {}),
  };
}

function podSpec(order: JobOrder, settings: JobSettings): object {
  const { node, operation, shim } = order;
  const installs = operation === "install";
  return {
    restartPolicy: "Never",
    serviceAccountName: settings.serviceAccount,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    hostNetwork: false,
    ...(settings.priorityClass === "" ? {} : { priorityClassName: settings.priorityClass }),
    terminationGracePeriodSeconds: 60, // Time to take back what was begun.
    affinity: { nodeAffinity: onlyOn(node.name) },
    tolerations: installs ? [...DAEMON_TOLERATIONS, ...(shim.spec.tolerations ?? [])] : [{ operator: "Exists" }],
    imagePullSecrets: settings.imagePullSecrets.map((name) => ({ name })),
    securityContext: { seccompProfile: { type: "RuntimeDefault" } },
    initContainers: installs ? [preflight(order, settings), fetcher(order, settings)] : [],
    containers: [installer(order, settings)],
    volumes: [
      ...HOST_PATHS.map(({ name, path, type }) => ({ name, hostPath: { path, type } })),
      { name: "artifact", emptyDir: { sizeLimit: "2Gi" } },
      { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
      ...(settings.caConfigMap === undefined ? [] : [{ name: "ca", configMap: { name: settings.caConfigMap } }]),
    ],
  };
}

/** Not `nodeName`: the scheduler would be passed by, and with it taints and room on the node. */
function onlyOn(name: string): object {
  const term = { matchFields: [{ key: "metadata.name", operator: "In", values: [name] }] };
  return { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } };
}

function preflight(order: JobOrder, settings: JobSettings): object {
  return {
    ...container("preflight", order, settings),
    args: ["job", "preflight"],
    securityContext: asRoot(),
    volumeMounts: [...hostMounts({ readOnly: true }), { name: "artifact", mountPath: ARTIFACT_DIR }],
  };
}

function fetcher(order: JobOrder, settings: JobSettings): object {
  const { fetchConfigMap, caConfigMap } = settings;
  return {
    ...container("fetch", order, settings),
    args: ["job", "fetch"],
    ...(fetchConfigMap === undefined ? {} : { envFrom: [{ configMapRef: { name: fetchConfigMap, optional: true } }] }),
    securityContext: {
      ...confined(),
      runAsNonRoot: true,
      runAsUser: NONROOT,
      runAsGroup: NONROOT,
    },
    volumeMounts: [
      { name: "artifact", mountPath: ARTIFACT_DIR },
      { name: "tmp", mountPath: "/tmp" },
      ...(caConfigMap === undefined ? [] : [{ name: "ca", mountPath: "/etc/rcm/ca", readOnly: true }]),
    ],
  };
}

function installer(order: JobOrder, settings: JobSettings): object {
  return {
    ...container(order.operation, order, settings),
    args: ["job", order.operation],
    securityContext: asRoot(),
    volumeMounts: [...hostMounts({ readOnly: false }), { name: "artifact", mountPath: ARTIFACT_DIR, readOnly: true }],
  };
}

function container(name: string, order: JobOrder, settings: JobSettings): object {
  return {
    name,
    image: settings.image,
    imagePullPolicy: settings.imagePullPolicy,
    env: [{ name: REQUEST_ENV, value: JSON.stringify(requestOf(order)) }],
    resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "384Mi" } },
    terminationMessagePolicy: "File",
  };
}

function requestOf({ shim, node, operation, hash, artifact }: JobOrder): InstallRequest {
  return {
    operation,
    shim: nameOf(shim),
    shimUid: shim.metadata.uid ?? "",
    handler: shim.spec.runtimeClass.handler,
    ...(artifact === undefined ? {} : { artifact }),
    options: shim.spec.containerdRuntimeOptions ?? {},
    hash,
    node: { name: node.name, uid: node.uid, machineId: node.machineId, architecture: node.architecture },
  };
}

function hostMounts({ readOnly }: { readonly readOnly: boolean }): object[] {
  const always = new Set(["cri", "systemd", "machine-id"]); // A socket on a read-only mount can still be spoken to.
  return HOST_PATHS.map(({ name, path }) => ({ name, mountPath: path, readOnly: readOnly || always.has(name) }));
}

function confined(): object {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    privileged: false,
    capabilities: { drop: ["ALL"] },
  };
}

/**
 * Root only because systemd and the files of the host belong to root; without any capability. Kubernetes has no way to
 * keep one container from the pod's network: the installer closes it to itself before it does anything else.
 */
function asRoot(): object {
  return { ...confined(), runAsNonRoot: false, runAsUser: 0, runAsGroup: 0 };
}
