/**
 * How the manager grows with the number of SpinApps: node test/bench/spinapps.ts [100 1000]
 *
 * A real API server and the real controllers of Deployments; the pods have no nodes, and this program says that they are
 * ready, as kubelets would.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isKubeError } from "@rcm/lib/kube";
import type { KubeObject, Resource } from "@rcm/lib/kube";
import type { KubeClient } from "@rcm/lib/kube-client";
import type { Log } from "@rcm/lib/log";
import { Informer } from "@rcm/manager/runtime/informer";
import type { Kubectl } from "../support/kubectl.ts";
import { SPIN_CLASS, spinApp, spinAppExecutor } from "../support/spin-apps.ts";
import { requestsOf } from "./scale/audit.ts";
import { machineLoad } from "./scale/machine-load.ts";
import { startManager } from "./scale/manager-process.ts";
import type { Usage } from "./scale/manager-process.ts";
import { inScene, type Scene } from "./scale/scene.ts";

const TOP = join(import.meta.dirname, "../..");
const NAMESPACE = "runtime-class-manager";
/** Without progress for this long, in milliseconds, something is broken. */
const STALLED_MS = 60_000;
const QUIET_MS = 3000;
/** SpinApps in one call of kubectl. */
const AT_ONCE = 100;

interface AppJson extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const APPS: Resource<AppJson> = {
  group: "core.spinkube.dev",
  version: "v1alpha1",
  plural: "spinapps",
  kind: "SpinApp",
  namespaced: true,
};
const PODS: Resource = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };
const SILENT: Log = { debug: drop, info: drop, warn: drop, error: drop };

interface Run {
  readonly apps: number;
  readonly seconds: number;
  readonly load: number;
  /** Before the first SpinApp, and when all are settled. */
  readonly before: Usage;
  readonly usage: Usage;
  readonly requests: ReadonlyMap<string, number>;
}

const sizes = process.argv.slice(2).map(Number);
const runs: Run[] = [];
for (const apps of sizes.length === 0 ? [100, 1000] : sizes) runs.push(await measure(apps));
print(runs);

async function measure(apps: number): Promise<Run> {
  return inScene({ with: "controllers" }, async (scene, signal) => settle(scene, apps, signal));
}

async function settle(scene: Scene, apps: number, signal: AbortSignal): Promise<Run> {
  const { dir, api, kube, kubectl } = scene;
  await kubectl(["apply", "-k", join(TOP, "deploy")]);
  await kubectl(["wait", "--for=condition=Established", "crd/spinapps.core.spinkube.dev", "--timeout=30s"]);
  const runtimeClass = { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name: SPIN_CLASS } };
  await apply(kubectl, [{ ...runtimeClass, handler: "spin" }, spinAppExecutor()]);
  const kubelets = new AbortController();
  const playing = playKubelets(kube, kubelets.signal);
  const manager = await startManager({ dir, api, kubectl, namespace: NAMESPACE });
  try {
    await delay(QUIET_MS);
    const before = await manager.usage();
    const load = machineLoad();
    const from = performance.now();
    for (let at = 0; at < apps; at += AT_ONCE) await apply(kubectl, appsFrom(at, Math.min(apps, at + AT_ONCE)));
    await allReady(kube, apps, signal);
    const whole = { seconds: (performance.now() - from) / 1000, load: load() };
    await delay(QUIET_MS);
    const usage = await manager.usage();
    return { apps, ...whole, before, usage, requests: await requestsOf(api.auditLog, "rcm-manager/") };
  } finally {
    kubelets.abort();
    await manager.stop();
    await playing;
  }
}

function appsFrom(first: number, end: number): readonly object[] {
  const spec = {
    image: "registry.example.org/hello:1",
    replicas: 1,
    variables: [{ name: "greetee", value: "Fermyon" }],
  };
  return Array.from({ length: end - first }, (_, at) => spinApp(`app-${first + at}`, spec));
}

async function apply(kubectl: Kubectl, items: readonly object[]): Promise<void> {
  await kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
}

/** Every pod is ready as soon as it is there. */
async function playKubelets(kube: KubeClient, signal: AbortSignal): Promise<void> {
  const namespace = "default";
  const pods = new Informer({ kube, log: SILENT, resource: PODS, namespace, project: nameOf });
  const status = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
  pods.onChange(({ before, after }) => {
    if (before !== undefined || after === undefined) return;
    const patch = { kind: "merge", subresource: "status", body: { status } } as const;
    void kube.patch(PODS, { name: after.name, namespace }, patch, signal).catch((error: unknown) => {
      if (!signal.aborted && !isKubeError(error, "NotFound")) console.error(error);
    });
  });
  await pods.run(signal);
}

function nameOf({ metadata }: KubeObject): { readonly name: string } {
  return { name: metadata?.name ?? "" };
}

/** @throws Error when for a minute no SpinApp more has become ready. */
async function allReady(kube: KubeClient, apps: number, signal: AbortSignal): Promise<void> {
  let before = -1;
  for (let since = performance.now(); performance.now() - since < STALLED_MS; await delay(500)) {
    const { items } = await kube.list(APPS, { project: isReady }, signal);
    const ready = items.filter((one) => one).length;
    if (ready >= apps) return;
    if (ready !== before) since = performance.now();
    before = ready;
  }
  throw new Error(`Cannot measure ${apps} SpinApps: ${before} are ready, and for a minute there were no more`);
}

function isReady({ status }: AppJson): boolean {
  return status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") === true;
}

function print(all: readonly Run[]): void {
  console.table(
    all.map(({ apps, seconds, load, before, usage, requests }) => ({
      SpinApps: apps,
      "all ready after (s)": seconds.toFixed(1),
      "machine busy (%)": (load * 100).toFixed(0),
      "API requests an app": ([...requests.values()].reduce((sum, count) => sum + count, 0) / apps).toFixed(2),
      "RSS without any (MB)": before.nowMb.toFixed(0),
      "RSS at the end (MB)": usage.nowMb.toFixed(0),
      "peak RSS (MB)": usage.peakMb.toFixed(0),
      "kB an app at the end": (((usage.nowMb - before.nowMb) * 1024) / apps).toFixed(1),
      "CPU ms an app": (((usage.cpuSeconds - before.cpuSeconds) * 1000) / apps).toFixed(1),
    })),
  );
  const kinds = new Set(all.flatMap(({ requests }) => [...requests.keys()]));
  console.table(
    Object.fromEntries(
      [...kinds].map((kind) => [
        kind,
        Object.fromEntries(all.map(({ apps, requests }) => [apps, requests.get(kind) ?? 0])),
      ]),
    ),
  );
}

function drop(): void {
  // Nothing is logged.
}
