/**
 * How the manager grows with the number of nodes: node test/bench/scale.ts [100 1000 5000]
 *
 * A real API server with Node objects that have no machine behind them. What kubelet and Job controller would do to the
 * installer's pods is written by this program. Beside the manager's figures stands the limit in the same run: the time
 * that the API server takes for one Job and one patch of a Node each, made by a plain loop.
 */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Resource } from "@rcm/lib/kube";
import { createKubeClient, kubeconfigCredentials } from "@rcm/lib/kube-client";
import type { KubeClient } from "@rcm/lib/kube-client";
import { Informer } from "@rcm/manager/runtime/informer";
import { bundleProgram } from "../../scripts/build.d/bundle.ts";
import { NODE_FLAGS } from "../../scripts/build.d/programs.ts";
import { startApi } from "../cluster/index.ts";
import type { RunningApi } from "../cluster/index.ts";
import { createKubectl } from "../support/kubectl.ts";
import type { Kubectl } from "../support/kubectl.ts";

const TOP = join(import.meta.dirname, "../..");
const NAMESPACE = "runtime-class-manager";
const TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";
const PARALLEL = 32;
const NEVER = new AbortController().signal;
const SILENT = { debug: drop, info: drop, warn: drop, error: drop };

interface JobJson {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly template: { readonly spec: object } };
}

const core = { group: "", version: "v1" } as const;
const NODES: Resource = { ...core, plural: "nodes", kind: "Node", namespaced: false };
interface PodJson {
  readonly metadata: { readonly name: string };
  readonly spec: object;
}
const PODS: Resource<PodJson> = { ...core, plural: "pods", kind: "Pod", namespaced: true };
const JOBS: Resource<JobJson> = { group: "batch", version: "v1", plural: "jobs", kind: "Job", namespaced: true };

interface Row {
  readonly nodes: number;
  readonly seconds: number;
  readonly limitSeconds: number;
  readonly requestsPerNode: number;
  readonly peakMb: number;
  readonly cpuSeconds: number;
  readonly shimKb: number;
}

const sizes = process.argv.slice(2).map(Number);
const rows: Row[] = [];
for (const nodes of sizes.length === 0 ? [100, 1000, 5000] : sizes) rows.push(await measure(nodes));
print(rows);

async function measure(nodes: number): Promise<Row> {
  const dir = await mkdtemp(join(tmpdir(), "rcm-bench-"));
  const api = await startApi({ dir: join(dir, "api") }, NEVER);
  const credentials = await kubeconfigCredentials(api.kubeconfig);
  const kube = createKubeClient({
    credentials,
    userAgent: "bench/0",
    fieldManager: "bench",
    qps: 10_000,
    burst: 10_000,
  });
  const kubectl = createKubectl(api.kubeconfig);
  const kubelets = new AbortController();
  try {
    await prepare(kubectl, kube, nodes);
    const limitSeconds = await limit(kube, nodes);
    const playing = playKubelets(kube, kubelets.signal);
    const row = await runManager({ dir, api, kubectl, nodes });
    kubelets.abort();
    await playing;
    return { nodes, limitSeconds, ...row };
  } finally {
    kubelets.abort();
    await kube.close();
    await api.stop(NEVER);
    await rm(dir, { recursive: true, force: true });
  }
}

async function prepare(kubectl: Kubectl, kube: KubeClient, nodes: number): Promise<void> {
  await kubectl(["apply", "-k", join(TOP, "deploy")]);
  await kubectl(["wait", "--for=condition=Established", "crd/shims.runtime.spinkube.dev", "--timeout=30s"]);
  await each(nodes, async (at) => {
    const name = `node-${at}`;
    const labels = { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" };
    await kube.create(NODES, { metadata: { name, labels } }, {}, NEVER);
    const patch = { kind: "merge", subresource: "status", body: { status: nodeStatus(name) } } as const;
    await kube.patch(NODES, { name }, patch, NEVER);
    // Admission taints every new node, and no node controller is here to take that back.
    await kube.patch(NODES, { name }, { kind: "merge", body: { spec: { taints: null } } }, NEVER);
  });
}

/** About 10 kB a node, most of it the list of images, as kubelets report it. */
function nodeStatus(name: string): object {
  const now = new Date().toISOString();
  const images = Array.from({ length: 50 }, (_, at) => ({
    names: [
      `registry.example/team/application-${at}@sha256:${"a".repeat(64)}`,
      `registry.example/team/application-${at}:1`,
    ],
    sizeBytes: 100_000_000,
  }));
  const condition = {
    type: "Ready",
    status: "True",
    lastHeartbeatTime: now,
    lastTransitionTime: now,
    reason: "Bench",
    message: "",
  };
  const nodeInfo = {
    operatingSystem: "linux",
    architecture: "amd64",
    machineID: name,
    bootID: name,
    osImage: "Bench",
    kernelVersion: "6.1",
    kubeletVersion: "v1.34.4",
    kubeProxyVersion: "",
    containerRuntimeVersion: "containerd://2.1.9",
    systemUUID: name,
  };
  return { images, conditions: [condition], nodeInfo };
}

/** What no manager can beat: a Job and a patch of the Node for each, by a plain loop. */
async function limit(kube: KubeClient, nodes: number): Promise<number> {
  const from = performance.now();
  const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } };
  await each(nodes, async (at) => {
    await kube.create(JOBS, { metadata: { name: `limit-${at}`, namespace: "default" }, spec: { template } }, {}, NEVER);
    const body = { metadata: { labels: { limit: "x" } } };
    await kube.patch(NODES, { name: `node-${at}` }, { kind: "merge", body }, NEVER);
  });
  return seconds(from);
}

/** Makes the pod of each Job, which ends at once with a good report. */
async function playKubelets(kube: KubeClient, signal: AbortSignal): Promise<void> {
  const jobs = new Informer({
    kube,
    log: SILENT,
    resource: JOBS,
    namespace: NAMESPACE,
    project: (job: JobJson) => job,
  });
  const seen = new Set<string>();
  jobs.onChange(({ after }) => {
    if (after?.spec === undefined || seen.has(after.metadata.name)) return;
    seen.add(after.metadata.name);
    void endPod(kube, after, signal).catch((error: unknown) => {
      if (!signal.aborted) console.error(error);
    });
  });
  await jobs.run(signal);
}

async function endPod(kube: KubeClient, { metadata, spec }: JobJson, signal: AbortSignal): Promise<void> {
  const name = `${metadata.name}-pod`;
  const labels = {
    "batch.kubernetes.io/job-name": metadata.name,
    "app.kubernetes.io/component": "node-installer",
    "app.kubernetes.io/managed-by": "runtime-class-manager",
  };
  await kube.create(
    PODS,
    { metadata: { name, namespace: NAMESPACE, labels }, spec: spec?.template.spec ?? {} },
    {},
    signal,
  );
  const report = {
    schema: 1,
    operation: "install",
    ok: true,
    message: "",
    hash: "",
    level: "Proven",
    digest: "d".repeat(64),
    restarts: 1,
    rolledBack: false,
    durationMs: 1,
  };
  const now = new Date().toISOString();
  const terminated = {
    exitCode: 0,
    reason: "Completed",
    message: JSON.stringify(report),
    startedAt: now,
    finishedAt: now,
  };
  const container = { name: "install", image: "i", imageID: "", ready: false, restartCount: 0, state: { terminated } };
  const status = { phase: "Succeeded", containerStatuses: [container] };
  await kube.patch(
    PODS,
    { name, namespace: NAMESPACE },
    { kind: "merge", subresource: "status", body: { status } },
    signal,
  );
}

interface Run {
  readonly dir: string;
  readonly api: RunningApi;
  readonly kubectl: Kubectl;
  readonly nodes: number;
}

async function runManager({ dir, api, kubectl, nodes }: Run): Promise<Omit<Row, "nodes" | "limitSeconds">> {
  const manager = await startManager(dir, api, kubectl);
  try {
    await delay(3000); // It lists the nodes first.
    const from = performance.now();
    await kubectl(["apply", "-f", "-"], JSON.stringify(shim()));
    while ((await readyNodes(kubectl)) < nodes) await delay(250);
    const elapsed = seconds(from);
    await delay(2000);
    const { peakMb, cpuSeconds } = await usage(manager.pid ?? 0);
    const text = await kubectl(["get", "shim", "bench", "-o", "json"]);
    const requests = await requestsOf(api, manager.since);
    return { seconds: elapsed, requestsPerNode: requests / nodes, peakMb, cpuSeconds, shimKb: text.length / 1024 };
  } finally {
    process.kill(manager.pid ?? 0, "SIGKILL");
  }
}

function shim(): object {
  const platform = { os: "linux", arch: "amd64", location: "https://example.org/a.tar.gz", sha256: "a".repeat(64) };
  const spec = { fetchStrategy: { platforms: [platform] }, runtimeClass: { name: "bench", handler: "bench" } };
  return { apiVersion: "runtime.spinkube.dev/v1alpha1", kind: "Shim", metadata: { name: "bench" }, spec };
}

/** As in its image: bundled, with the image's flags, and with the token of its pod. */
async function startManager(
  dir: string,
  api: RunningApi,
  kubectl: Kubectl,
): Promise<{ pid: number | undefined; since: number }> {
  const file = join(dir, "manager.mjs");
  await writeFile(file, (await bundleProgram(TOP, "manager/main.ts")).code);
  const account = join(dir, "account");
  await mkdir(account);
  await writeFile(
    join(account, "token"),
    await kubectl(["-n", NAMESPACE, "create", "token", "manager", "--duration=2h"]),
  );
  const config = JSON.parse(await kubectl(["config", "view", "--raw", "--flatten", "-o", "json"])) as {
    readonly clusters: readonly { readonly cluster: { readonly "certificate-authority-data": string } }[];
  };
  const ca = Buffer.from(config.clusters[0]?.cluster["certificate-authority-data"] ?? "", "base64");
  await writeFile(join(account, "ca.crt"), ca);
  const { hostname, port } = new URL(api.url);
  const flags = [
    `--namespace=${NAMESPACE}`,
    "--installer-image=i",
    "--max-concurrent-jobs=100",
    "--metrics-address=127.0.0.1:0",
    "--health-address=127.0.0.1:0",
  ];
  // A mount of its own, because the folder's name is given.
  const script = `mkdir -p ${TOKEN_FOLDER} && mount --bind "$1" ${TOKEN_FOLDER} && shift && exec "$@"`;
  const command = [process.execPath, ...NODE_FLAGS.manager, file, ...flags];
  const since = (await auditLines(api)).length;
  const child = spawn("unshare", ["--mount", "sh", "-c", script, "sh", account, ...command], {
    env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  return { pid: child.pid, since };
}

async function readyNodes(kubectl: Kubectl): Promise<number> {
  return Number(await kubectl(["get", "shim", "bench", "-o", "jsonpath={.status.nodesReady}"]));
}

/** Of a process; https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function usage(pid: number): Promise<{ peakMb: number; cpuSeconds: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const stat = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
  const peakMb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
  return { peakMb, cpuSeconds: (Number(stat[11]) + Number(stat[12])) / 100 };
}

async function requestsOf(api: RunningApi, since: number): Promise<number> {
  const lines = (await auditLines(api)).slice(since);
  return lines.filter((line) => line.includes('"userAgent":"rcm-manager/') && !line.includes('"resource":"leases"'))
    .length;
}

async function auditLines(api: RunningApi): Promise<readonly string[]> {
  return (await readFile(api.auditLog, "utf8")).split("\n");
}

async function each(count: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  async function worker(): Promise<void> {
    while (next < count) {
      const at = next;
      next += 1;
      await work(at);
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

function seconds(from: number): number {
  return (performance.now() - from) / 1000;
}

function drop(): void {
  // Figures are what matters here.
}

function print(all: readonly Row[]): void {
  console.table(
    all.map((row) => ({
      nodes: row.nodes,
      "all Proven after (s)": row.seconds.toFixed(1),
      "API server's limit (s)": row.limitSeconds.toFixed(1),
      "API requests a node": row.requestsPerNode.toFixed(2),
      "manager's peak RSS (MB)": row.peakMb.toFixed(0),
      "manager's CPU (s)": row.cpuSeconds.toFixed(1),
      "Shim object (kB)": row.shimKb.toFixed(0),
    })),
  );
}
