/**
 * How the manager grows with the number of nodes: node test/bench/scale.ts [100 1000 5000]
 *
 * A real API server and a real Job controller; the nodes have no machines, and this program writes what their kubelets
 * would. Beside the manager's figures stands the limit in the same run: the time that the API server takes for one Job
 * and one patch of a Node each, made by a plain loop. A second table says which requests the manager made.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { KubeObject, Resource } from "@rcm/lib/kube";
import type { KubeClient } from "@rcm/lib/kube-client";
import { requestsOf } from "./scale/audit.ts";
import { createNodes, timeOfPlainLoop } from "./scale/hollow-fleet.ts";
import { playKubelets } from "./scale/hollow-kubelets.ts";
import { startJobController } from "./scale/job-controller.ts";
import { machineLoad } from "./scale/machine-load.ts";
import { startManager } from "./scale/manager-process.ts";
import type { Usage } from "./scale/manager-process.ts";
import { inScene, type Scene } from "./scale/scene.ts";

const TOP = join(import.meta.dirname, "../..");
const SHIMS: Resource<ShimJson> = {
  group: "runtime.spinkube.dev",
  version: "v1alpha1",
  plural: "shims",
  kind: "Shim",
  namespaced: false,
};
const NAMESPACE = "runtime-class-manager";
/** Without progress for this long, in milliseconds, something is broken. */
const STALLED_MS = 60_000;
/** How long the manager is watched before the Shim is there, and after the last node is proven. */
const QUIET_MS = 3000;

interface Run {
  readonly nodes: number;
  readonly seconds: number;
  readonly limitSeconds: number;
  /** Share of the processors' time used meanwhile by all programs: at 1 it is the machine that sets the time. */
  readonly load: number;
  readonly usage: Usage;
  readonly shimBytes: number;
  readonly requests: ReadonlyMap<string, number>;
}

const sizes = process.argv.slice(2).map(Number);
const runs: Run[] = [];
for (const nodes of sizes.length === 0 ? [100, 1000, 5000] : sizes) runs.push(await measure(nodes));
print(runs);

async function measure(nodes: number): Promise<Run> {
  return inScene({}, async (scene, signal) => {
    const limitSeconds = await prepare(scene, nodes, signal);
    return { nodes, limitSeconds, ...(await rollOut(scene, nodes, signal)) };
  });
}

async function prepare({ kube, kubectl }: Scene, nodes: number, signal: AbortSignal): Promise<number> {
  await kubectl(["apply", "-k", join(TOP, "deploy")]);
  await kubectl(["wait", "--for=condition=Established", "crd/shims.runtime.spinkube.dev", "--timeout=30s"]);
  await createNodes(kube, nodes, signal);
  const limitSeconds = await timeOfPlainLoop(kube, nodes, signal);
  await kubectl(["delete", "--raw", "/apis/batch/v1/namespaces/default/jobs"]); // The Job controller is not to see them.
  return limitSeconds;
}

type Rollout = Omit<Run, "nodes" | "limitSeconds">;

async function rollOut(scene: Scene, nodes: number, signal: AbortSignal): Promise<Rollout> {
  const { dir, api, kube, kubectl } = scene;
  const stopJobs = await startJobController(dir, api.kubeconfig, signal);
  const kubelets = new AbortController();
  const playing = playKubelets(
    { kube, namespace: NAMESPACE, onError: (error) => console.error(error) },
    kubelets.signal,
  );
  const manager = await startManager({ dir, api, kubectl, namespace: NAMESPACE });
  try {
    await delay(QUIET_MS); // It lists the nodes first.
    const load = machineLoad();
    const from = performance.now();
    await kubectl(["apply", "-f", "-"], JSON.stringify(shim()));
    await allReady(kube, nodes, signal);
    const whole = { seconds: (performance.now() - from) / 1000, load: load() };
    await delay(QUIET_MS);
    const usage = await manager.usage();
    const shimBytes = JSON.stringify(await kube.get(SHIMS, { name: "bench" }, signal)).length;
    return { ...whole, usage, shimBytes, requests: await requestsOf(api.auditLog, "rcm-manager/") };
  } finally {
    kubelets.abort();
    await manager.stop();
    await playing;
    await stopJobs();
  }
}

interface ShimJson extends KubeObject {
  readonly status?: { readonly nodesReady?: number };
}

/** @throws Error when for a minute no node more has become ready. */
async function allReady(kube: KubeClient, nodes: number, signal: AbortSignal): Promise<void> {
  let before = -1;
  for (let since = performance.now(); performance.now() - since < STALLED_MS; await delay(250)) {
    const { status } = await kube.get(SHIMS, { name: "bench" }, signal);
    const ready = status?.nodesReady ?? 0;
    if (ready >= nodes) return;
    if (ready !== before) since = performance.now();
    before = ready;
  }
  throw new Error(`Cannot measure ${nodes} nodes: ${before} are ready, and for a minute there were no more`);
}

function shim(): object {
  const platform = { os: "linux", arch: "amd64", location: "https://example.org/a.tar.gz", sha256: "a".repeat(64) };
  const spec = { fetchStrategy: { platforms: [platform] }, runtimeClass: { name: "bench", handler: "bench" } };
  return { apiVersion: "runtime.spinkube.dev/v1alpha1", kind: "Shim", metadata: { name: "bench" }, spec };
}

function print(all: readonly Run[]): void {
  console.table(
    all.map(({ nodes, seconds, load, limitSeconds, usage, shimBytes, requests }) => ({
      nodes,
      "all Proven after (s)": seconds.toFixed(1),
      "ms a node": ((seconds / nodes) * 1000).toFixed(0),
      "machine busy (%)": (load * 100).toFixed(0),
      "plain loop (s)": limitSeconds.toFixed(1),
      "API requests a node": (sum(requests) / nodes).toFixed(2),
      "manager's peak RSS (MB)": usage.peakMb.toFixed(0),
      "RSS at the end (MB)": usage.nowMb.toFixed(0),
      "of it Node's file (MB)": usage.fileMb.toFixed(0),
      "CPU (s)": usage.cpuSeconds.toFixed(1),
      "Shim object (kB)": (shimBytes / 1024).toFixed(0),
    })),
  );
  const kinds = new Set(all.flatMap(({ requests }) => [...requests.keys()]));
  console.table(Object.fromEntries([...kinds].map((kind) => [kind, countsOf(all, kind)])));
}

function countsOf(all: readonly Run[], kind: string): Readonly<Record<string, number>> {
  return Object.fromEntries(all.map(({ nodes, requests }) => [`with ${nodes} nodes`, requests.get(kind) ?? 0]));
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
