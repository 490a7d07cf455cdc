import { setTimeout as delay } from "node:timers/promises";
import type { KubeObject, Resource } from "@rcm/lib/kube";
import { eventually } from "./kubectl.ts";
import { ManagerBench } from "./manager-bench.ts";

const NEVER = new AbortController().signal;
const GROUPS = ["core.spinkube.dev", "core.spinoperator.dev"] as const;
const KINDS = ["spinapps", "spinappexecutors"] as const;
/**
 * Whatever the operator does at once is done within this time, in milliseconds, on a slow machine too; the garbage
 * collector takes up to 30 s to learn of new kinds.
 */
const SOON_MS = 50_000;

export interface SpinAppJson extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly readyReplicas?: number;
    readonly activeScheduler?: string;
    readonly address?: string;
    readonly conditions?: readonly Condition[];
  };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

interface Pod extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const PODS: Resource<Pod> = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };

/** A manager on a real API server, and pods that become ready without a node. */
export class SpinScene {
  readonly bench: ManagerBench;
  /** Pods of these SpinApps do not become ready by themselves. */
  readonly held = new Set<string>();
  readonly #ended = new AbortController();
  readonly #playing: Promise<void>;

  constructor(bench: ManagerBench) {
    this.bench = bench;
    this.#playing = this.#playPods(this.#ended.signal);
  }

  static async open(): Promise<SpinScene> {
    const bench = await ManagerBench.start();
    const names = GROUPS.flatMap((group) => KINDS.map((kind) => `crd/${kind}.${group}`));
    await bench.kubectl(["wait", "--for=condition=Established", ...names, "--timeout=30s"]);
    const runtimeClass = { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name: "wasmtime-spin-v2" } };
    await bench.kubectl(["create", "-f", "-"], JSON.stringify({ ...runtimeClass, handler: "spin" }));
    await bench.manager();
    return new SpinScene(bench);
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#playing;
    await this.bench.stop();
  }

  /** A namespace with the executors of the samples. */
  async namespace(name: string, group = "core.spinkube.dev"): Promise<void> {
    await this.bench.kubectl(["create", "namespace", name]);
    const shim = { runtimeClassName: "wasmtime-spin-v2", installDefaultCACerts: true };
    await this.apply(name, executor("containerd-shim-spin", shim, group));
    await this.apply(
      name,
      executor("spintainer", { spinImage: "ghcr.io/fermyon/spin:v2.7.0", installDefaultCACerts: true }, group),
    );
  }

  async apply(namespace: string, ...objects: readonly (object | string)[]): Promise<void> {
    for (const object of objects) {
      const text = typeof object === "string" ? object : JSON.stringify(object);
      await this.bench.kubectl(["-n", namespace, "apply", "-f", "-"], text);
    }
  }

  async get<T>(namespace: string, ...args: readonly string[]): Promise<T | undefined> {
    return this.bench.get<T>("-n", namespace, ...args);
  }

  /** Waits until the condition Ready, about the present spec, has this reason. @returns the SpinApp. */
  async until(namespace: string, app: string, reason: string, resource = "spinapp"): Promise<SpinAppJson> {
    let last: SpinAppJson | undefined;
    try {
      return await eventually(`SpinApp ${app} to be ${reason}`, SOON_MS, async () => {
        last = await this.get<SpinAppJson>(namespace, resource, app);
        const ready = readyOf(last);
        return ready?.reason === reason && ready.observedGeneration === last?.metadata?.generation ? last : undefined;
      });
    } catch (error) {
      throw new Error(`Its status is ${JSON.stringify(last?.status)}`, { cause: error });
    }
  }

  async eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
    await eventually(what, SOON_MS, async () => ((await isSo()) ? true : undefined));
  }

  /** What the manager asked of the API server in a namespace, without lists and watches. */
  async requests(namespace: string): Promise<readonly string[]> {
    const all = await this.bench.requests("rcm-manager");
    return all
      .filter(({ verb, objectRef }) => objectRef?.namespace === namespace && verb !== "list" && verb !== "watch")
      .map(({ verb, objectRef }) => `${verb} ${objectRef?.resource ?? ""} ${objectRef?.name ?? ""}`);
  }

  async #playPods(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const labels = GROUPS.map((group) => `${group}/app-name`);
      const { items } = await this.bench.kube.list(PODS, { project: (pod) => pod }, NEVER);
      for (const pod of items) {
        const app = labels.map((label) => pod.metadata?.labels?.[label]).find((name) => name !== undefined);
        const isReady = pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
        if (app !== undefined && isReady !== true && !this.held.has(app)) await this.#setReady(pod);
      }
      await delay(200);
    }
  }

  async #setReady({ metadata }: Pod): Promise<void> {
    const conditions = [{ type: "Ready", status: "True" }];
    const patch = { kind: "merge", subresource: "status", body: { status: { phase: "Running", conditions } } } as const;
    const ref = { name: metadata?.name ?? "", namespace: metadata?.namespace };
    await this.bench.kube.patch(PODS, ref, patch, NEVER).catch(() => undefined); // Deleted meanwhile.
  }
}

function readyOf(app: SpinAppJson | undefined): Condition | undefined {
  return app?.status?.conditions?.find(({ type }) => type === "Ready");
}

export function executor(name: string, deploymentConfig: object, group = "core.spinkube.dev"): object {
  const spec = { createDeployment: true, deploymentConfig };
  return { apiVersion: `${group}/v1alpha1`, kind: "SpinAppExecutor", metadata: { name }, spec };
}

/** A SpinApp; `spec` goes over the defaults. */
export function spinApp(
  name: string,
  spec: Readonly<Record<string, unknown>> = {},
  group = "core.spinkube.dev",
): object {
  const base = { image: "example.org/hello:1", replicas: 1, executor: "containerd-shim-spin" };
  return { apiVersion: `${group}/v1alpha1`, kind: "SpinApp", metadata: { name }, spec: { ...base, ...spec } };
}

export function secret(name: string, stringData: Readonly<Record<string, string>>): object {
  return { apiVersion: "v1", kind: "Secret", metadata: { name }, stringData };
}
