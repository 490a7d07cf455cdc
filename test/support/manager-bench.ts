import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKubeClient, kubeconfigCredentials, type KubeClient } from "@rcm/lib/kube-client";
import type { Log } from "@rcm/lib/log";
import { startApi, type RunningApi } from "../cluster/index.ts";
import { HollowNodes, type HollowAnswer, type HollowJob } from "./hollow-nodes.ts";
import { createKubectl, eventually, type Kubectl } from "./kubectl.ts";

const TOP = join(import.meta.dirname, "../..");
export const NAMESPACE = "runtime-class-manager";
const NEVER = new AbortController().signal;

function drop(): void {
  // The test looks at what happens.
}
const SILENT: Log = { debug: drop, info: drop, warn: drop, error: drop };

/** A manager that runs as its own process, with the rights that `deploy/` gives it and no others. */
export interface ManagerProcess {
  readonly child: ChildProcess;
  /** Its log so far, one entry a line. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** Waits for the end. @returns its exit code, or the signal's name. */
  stop(signal: NodeJS.Signals): Promise<number | string>;
}

/** A real API server with its controllers, `deploy/` without the images, nodes without machines, and managers. */
export class ManagerBench {
  readonly dir: string;
  readonly api: RunningApi;
  readonly kube: KubeClient;
  readonly kubectl: Kubectl;
  readonly nodes: HollowNodes;
  /** What installers say from now on. */
  answer: (job: HollowJob) => HollowAnswer = () => ({ report: {} });
  readonly #ended = new AbortController();
  readonly #playing: Promise<void>;
  readonly #managers: ManagerProcess[] = [];

  constructor(dir: string, api: RunningApi, kube: KubeClient) {
    this.dir = dir;
    this.api = api;
    this.kube = kube;
    this.kubectl = createKubectl(api.kubeconfig);
    const answer = (job: HollowJob): HollowAnswer => this.answer(job);
    this.nodes = new HollowNodes({ kube, namespace: NAMESPACE, log: SILENT, answer });
    this.#playing = this.nodes.run(this.#ended.signal);
  }

  static async start(): Promise<ManagerBench> {
    const dir = await mkdtemp(join(tmpdir(), "rcm-manager-"));
    const api = await startApi({ dir: join(dir, "api"), with: "controllers" }, NEVER);
    const credentials = await kubeconfigCredentials(api.kubeconfig);
    const limits = { qps: 1000, burst: 1000 };
    const kube = createKubeClient({ credentials, userAgent: "rcm-test/0", fieldManager: "rcm-test", ...limits });
    const bench = new ManagerBench(dir, api, kube);
    await bench.kubectl(["apply", "-k", join(TOP, "deploy")]);
    await bench.kubectl(["-n", NAMESPACE, "scale", "deployment/manager", "--replicas=0"]);
    await bench.kubectl(["wait", "--for=condition=Established", "crd/shims.runtime.spinkube.dev", "--timeout=30s"]);
    return bench;
  }

  /** A manager with the token of its service account. */
  async manager(flags: readonly string[] = []): Promise<ManagerProcess> {
    const kubeconfig = await this.#managerKubeconfig();
    const base = [
      "--installer-image=example.org/installer:1",
      `--namespace=${NAMESPACE}`,
      `--kubeconfig=${kubeconfig}`,
    ];
    const quick = [
      "--leader-elect-lease-duration=3s",
      "--leader-elect-renew-deadline=2s",
      "--leader-elect-retry-period=500ms",
    ];
    const addresses = ["--metrics-address=127.0.0.1:0", "--health-address=127.0.0.1:0", "--log-level=debug"];
    const argv = [join(TOP, "manager/main.ts"), ...base, ...quick, ...addresses, ...flags];
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...argv], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const log: Readonly<Record<string, unknown>>[] = [];
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) log.push(JSON.parse(line) as Readonly<Record<string, unknown>>);
    });
    const exit = once(child, "exit") as Promise<[number | null, string | null]>;
    const manager = { child, log, stop: async (signal: NodeJS.Signals) => stopChild(child, exit, signal) };
    this.#managers.push(manager);
    return manager;
  }

  /** The object as JSON; undefined when there is none. */
  async get<T>(...args: readonly string[]): Promise<T | undefined> {
    const text = await this.kubectl(["get", ...args, "--ignore-not-found", "-o", "json"]);
    return text.trim() === "" ? undefined : (JSON.parse(text) as T);
  }

  /** Waits until a Shim's condition Ready has this reason. */
  async reason(shim: string, reason: string, timeoutMs = 20_000): Promise<ShimJson> {
    let last: ShimJson | undefined;
    try {
      return await eventually(`Shim ${shim} to be ${reason}`, timeoutMs, async () => {
        last = await this.get<ShimJson>("shim", shim);
        const generation = last?.metadata.generation;
        const ready = last?.status?.conditions?.find(({ type }) => type === "Ready");
        return ready?.reason === reason && ready.observedGeneration === generation ? last : undefined;
      });
    } catch (error) {
      throw new Error(`Its status is ${JSON.stringify(last?.status)}`, { cause: error });
    }
  }

  /** Everything out of the way for the next test; managers are stopped, Shims are deleted by force. */
  async clear(): Promise<void> {
    for (const manager of this.#managers.splice(0)) await manager.stop("SIGKILL");
    this.answer = () => ({ report: {} });
    for (const { metadata } of (await this.get<{ items: ShimJson[] }>("shims"))?.items ?? []) {
      await this.kubectl(["patch", "shim", metadata.name, "--type=merge", "-p", '{"metadata":{"finalizers":null}}']);
    }
    await this.kubectl(["delete", "shims,nodes,runtimeclasses", "--all"]);
    await this.kubectl(["-n", NAMESPACE, "delete", "jobs,pods,leases", "--all", "--wait=false"]);
    this.nodes.jobs.splice(0);
  }

  async stop(): Promise<void> {
    for (const manager of this.#managers) await manager.stop("SIGKILL");
    this.#ended.abort();
    await this.#playing;
    await this.kube.close();
    await this.api.stop(NEVER);
    await rm(this.dir, { recursive: true, force: true });
  }

  async #managerKubeconfig(): Promise<string> {
    const token = (await this.kubectl(["-n", NAMESPACE, "create", "token", "manager", "--duration=1h"])).trim();
    const admin = JSON.parse(await this.kubectl(["config", "view", "--raw", "-o", "json"])) as {
      clusters: readonly { name: string }[];
    };
    const user = { name: "manager", user: { token } };
    const context = { name: "manager", context: { cluster: admin.clusters[0]?.name, user: "manager" } };
    const config = { ...admin, users: [user], contexts: [context], "current-context": "manager" };
    const file = join(this.dir, "manager.conf");
    await writeFile(file, JSON.stringify(config));
    return file;
  }

  /** Requests that the API server has noted, by user agent. */
  async requests(userAgent: string): Promise<readonly AuditEntry[]> {
    const lines = (await readFile(this.api.auditLog, "utf8")).split("\n").filter((line) => line !== "");
    return lines
      .map((line) => JSON.parse(line) as AuditEntry)
      .filter((entry) => entry.userAgent?.startsWith(userAgent) === true);
  }
}

export interface AuditEntry {
  readonly userAgent?: string;
  readonly verb: string;
  readonly objectRef?: {
    readonly resource: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code: number };
}

export interface ShimJson {
  readonly metadata: { readonly name: string; readonly uid: string; readonly generation: number };
  readonly status?: {
    readonly nodes?: number;
    readonly nodesReady?: number;
    readonly nodesFailed?: number;
    readonly nodeStates?: readonly { name: string; state: string; reason?: string; message?: string }[];
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
      readonly observedGeneration?: number;
    }[];
  };
}

export interface NodeJson {
  readonly metadata: {
    readonly uid: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

async function stopChild(
  child: ChildProcess,
  exit: Promise<[number | null, string | null]>,
  signal: NodeJS.Signals,
): Promise<number | string> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  await exit;
  return child.exitCode ?? child.signalCode ?? "";
}

/** A Shim as a manifest for kubectl; `spec` goes over the defaults. */
export function shimManifest(name: string, spec: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    apiVersion: "runtime.spinkube.dev/v1alpha1",
    kind: "Shim",
    metadata: { name },
    spec: {
      nodeSelector: { wasm: "true" },
      fetchStrategy: { platforms: [platform("a")] },
      runtimeClass: { name: `rc-${name}`, handler: name },
      ...spec,
    },
  });
}

/** A source for amd64; each digit of `digest` stands for another version. */
export function platform(digest: string): Readonly<Record<string, string>> {
  const sha256 = digest.repeat(64);
  return { os: "linux", arch: "amd64", location: `https://example.org/${digest}.tar.gz`, sha256 };
}
