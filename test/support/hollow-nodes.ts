import { randomUUID } from "node:crypto";
import { REQUEST_ENV, type InstallReport, type InstallRequest } from "@rcm/lib/install-job";
import { isKubeError, type Kube, type KubeObject, type Resource } from "@rcm/lib/kube";
import type { Log } from "@rcm/lib/log";
import { Informer } from "@rcm/manager/runtime/informer";

/** What a node without a machine says of itself. */
export interface HollowNode {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly { readonly key: string; readonly effect: string; readonly value?: string }[];
  readonly architecture?: string;
  readonly machineId?: string;
  readonly bootId?: string;
  readonly runtimeVersion?: string;
  readonly ready?: boolean;
}

/** One pod of the installer that came to a hollow node. */
export interface HollowJob {
  readonly node: string;
  readonly pod: string;
  readonly job: string;
  readonly request: InstallRequest;
}

/** How a pod goes: with a report it ends, with a status it stands so; undefined leaves it pending. */
export type HollowAnswer =
  | { readonly report: Partial<InstallReport> }
  | { readonly status: Readonly<Record<string, unknown>> }
  | undefined;

interface NodeObject extends KubeObject {
  readonly spec?: object;
  readonly status?: object;
}

interface PodObject extends KubeObject {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly containers: readonly {
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
  readonly status?: { readonly phase?: string };
}

const NODE_OBJECTS: Resource<NodeObject> = {
  group: "",
  version: "v1",
  plural: "nodes",
  kind: "Node",
  namespaced: false,
};
const PODS: Resource<PodObject> = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };

const LEASES: Resource = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
};

/** A good deal less than the grace that the node controller gives: 16 s in our clusters. */
const BEAT_MS = 4000;

export interface HollowOptions {
  readonly kube: Kube;
  readonly namespace: string;
  readonly log: Log;
  readonly answer: (job: HollowJob) => HollowAnswer;
}

/**
 * Nodes without machines in a real API server: their objects, and a kubelet's part in the installer's pods, which the
 * real Job controller makes. What the installer would say is for `answer` to decide.
 */
export class HollowNodes {
  readonly #options: HollowOptions;
  /** Every pod that was answered, in order. */
  readonly jobs: HollowJob[] = [];
  readonly #seen = new Set<string>();
  readonly #alive = new Set<string>();

  constructor(options: HollowOptions) {
    this.#options = options;
  }

  async add(node: HollowNode, signal: AbortSignal): Promise<void> {
    const { kube } = this.#options;
    const { name, labels = {}, taints = [] } = node;
    const hostname = { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" };
    await kube.create(
      NODE_OBJECTS,
      { metadata: { name, labels: { ...hostname, ...labels } }, spec: { taints } },
      {},
      signal,
    );
    await this.report(node, signal);
    this.#alive.add(name);
    await this.#beat(name, signal);
  }

  /** The kubelet's word on its node: another machine, another boot. What is left out is made up from the name. */
  async report(node: HollowNode, signal: AbortSignal): Promise<void> {
    const body = { status: statusOf(node) };
    const patch = { kind: "merge", subresource: "status", body } as const;
    await this.#options.kube.patch(NODE_OBJECTS, { name: node.name }, patch, signal);
  }

  async remove(name: string, signal: AbortSignal): Promise<void> {
    this.#alive.delete(name);
    await this.#options.kube.delete(NODE_OBJECTS, { name }, {}, signal);
  }

  /** Plays the kubelets until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { kube, namespace, log } = this.#options;
    const pods = new Informer({ kube, log, resource: PODS, namespace, project: (pod: PodObject) => pod });
    const pending: Promise<void>[] = [];
    pods.onChange(({ after }) => {
      if (after === undefined || after.status?.phase !== "Pending" || this.#seen.has(after.metadata.name)) return;
      const job = jobOf(after);
      if (job === undefined) return;
      this.#seen.add(after.metadata.name);
      this.jobs.push(job);
      pending.push(this.settle(job, this.#options.answer(job), signal));
    });
    const beating = setInterval(() => {
      for (const name of this.#alive) void this.#beat(name, signal).catch(() => undefined); // The next beat tells.
    }, BEAT_MS);
    await pods.run(signal);
    clearInterval(beating);
    await Promise.all(pending);
  }

  /** Without it the node controller takes the node for dead. */
  async #beat(name: string, signal: AbortSignal): Promise<void> {
    const renewTime = new Date().toISOString().replace("Z", "000Z");
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime };
    const metadata = { name, namespace: "kube-node-lease" };
    await this.#options.kube.apply(LEASES, { metadata, spec }, { force: true }, signal);
  }

  /** Gives a pod the status that `answer` means; for a pod that was left pending too. */
  async settle(job: HollowJob, answer: HollowAnswer, signal: AbortSignal): Promise<void> {
    if (answer === undefined) return;
    const { kube, namespace } = this.#options;
    const status = "report" in answer ? ending(job, answer.report) : answer.status;
    const patch = { kind: "merge", subresource: "status", body: { status } } as const;
    try {
      await kube.patch(PODS, { name: job.pod, namespace }, patch, signal);
    } catch (error) {
      if (!signal.aborted && !isKubeError(error, "NotFound")) throw error;
    }
  }
}

/** Undefined for a pod that is not the installer's. */
function jobOf({ metadata, spec }: PodObject): HollowJob | undefined {
  const request = spec.containers[0]?.env?.find(({ name }) => name === REQUEST_ENV)?.value;
  if (request === undefined) return undefined;
  const parsed = JSON.parse(request) as InstallRequest;
  const job = metadata.labels?.["batch.kubernetes.io/job-name"] ?? "";
  return { node: parsed.node.name, pod: metadata.name, job, request: parsed };
}

function statusOf({
  name,
  architecture = "amd64",
  machineId,
  bootId,
  runtimeVersion,
  ready = true,
}: HollowNode): object {
  const now = new Date().toISOString();
  const status = ready ? "True" : "False";
  return {
    conditions: [
      { type: "Ready", status, lastHeartbeatTime: now, lastTransitionTime: now, reason: "Hollow", message: "" },
    ],
    nodeInfo: {
      operatingSystem: "linux",
      architecture,
      machineID: machineId ?? `machine-${name}`,
      bootID: bootId ?? `boot-${name}`,
      osImage: "Hollow",
      kernelVersion: "6.1",
      kubeletVersion: "v1.34.4",
      kubeProxyVersion: "v1.34.4",
      containerRuntimeVersion: runtimeVersion ?? "containerd://2.1.9",
      systemUUID: randomUUID(),
    },
  };
}

const PROVEN = { level: "Proven", digest: "d".repeat(64) } as const;

function ending({ request }: HollowJob, partial: Partial<InstallReport>): object {
  const report: InstallReport = {
    schema: 1,
    operation: request.operation,
    ok: true,
    message: "done",
    hash: request.hash,
    ...(request.operation === "install" && partial.ok !== false ? PROVEN : {}),
    restarts: 1,
    rolledBack: false,
    outageMs: 700,
    durationMs: 1500,
    ...partial,
  };
  const now = new Date().toISOString();
  const terminated = {
    exitCode: report.ok ? 0 : 1,
    reason: report.ok ? "Completed" : "Error",
    message: JSON.stringify(report),
    startedAt: now,
    finishedAt: now,
  };
  const container = { name: request.operation, image: "hollow", imageID: "", ready: false, restartCount: 0 };
  return {
    phase: report.ok ? "Succeeded" : "Failed",
    containerStatuses: [{ ...container, state: { terminated } }],
  };
}
