/** Rollouts by the manager: how long after the Shim is applied a node is Proven, and what each stage of its Job takes. */
import type { InstallReport } from "@rcm/lib/install-job";
import type { KubeObject, Resource } from "@rcm/lib/kube";
import { createKubeClient, kubeconfigCredentials } from "@rcm/lib/kube-client";
import type { KubeClient } from "@rcm/lib/kube-client";
import type { Log } from "@rcm/lib/log";
import { Informer } from "@rcm/manager/runtime/informer";
import { NAMESPACE, serveShim, shimManifest } from "../../support/deployment.ts";
import type { NodeState } from "../../support/deployment.ts";
import { cleanUp, openStage } from "../../support/e2e.ts";
import type { Stage } from "../../support/e2e.ts";
import { eventually } from "../../support/kubectl.ts";
import { NODES } from "../../support/node-host.ts";

const SHIM = "bench-v1";
const ROLLOUT_MS = 120_000;

interface ShimJson extends KubeObject {
  readonly status?: { readonly nodeStates?: readonly NodeState[] };
}

const SHIMS: Resource<ShimJson> = {
  group: "runtime.spinkube.dev",
  version: "v1alpha1",
  plural: "shims",
  kind: "Shim",
  namespaced: false,
};
const SILENT: Log = { debug: drop, info: drop, warn: drop, error: drop };

const STAGES = ["preflight", "fetch", "install"] as const;

type StageName = (typeof STAGES)[number];

/** What a stage says of itself at its end; its process has begun some 50 ms before. */
interface StageCost {
  readonly durationMs: number;
  readonly peakMb: number;
}

/** One node in one rollout. */
export interface NodeRollout {
  readonly node: string;
  readonly provenAfterMs: number;
  readonly stages: Readonly<Record<StageName, StageCost>>;
}

/** Deploys what is in the checkout, and lets a Shim come and go `rounds` times. */
export async function measureRollouts(rounds: number): Promise<readonly NodeRollout[]> {
  const stage = await openStage();
  const credentials = await kubeconfigCredentials(await stage.cluster.kubeconfigPath());
  const kube = createKubeClient({ credentials, userAgent: "rcm-bench/0", fieldManager: "rcm-bench" });
  try {
    const all: NodeRollout[] = [];
    for (let round = 0; round < rounds; round += 1) all.push(...(await rollOut(stage, kube, round)));
    return all;
  } finally {
    await cleanUp(stage);
    await kube.close();
    await stage.close();
  }
}

async function rollOut(stage: Stage, kube: KubeClient, round: number): Promise<readonly NodeRollout[]> {
  const { url, sha256 } = await serveShim(stage.server, SHIM, `bench-${round}`);
  const ended = new AbortController();
  const provenMs = new Map<string, number>();
  const shims = new Informer({ kube, log: SILENT, resource: SHIMS, project: ({ status }: ShimJson) => status ?? {} });
  shims.onChange(({ after }) => {
    for (const { name, state } of after?.nodeStates ?? []) {
      if (state === "Proven" && !provenMs.has(name)) provenMs.set(name, performance.now());
    }
  });
  const watching = shims.run(ended.signal);
  try {
    await shims.synced;
    const fromMs = performance.now();
    await stage.kubectl(["apply", "-f", "-"], JSON.stringify(shimManifest({ name: SHIM, location: url, sha256 })));
    await eventually("all nodes", ROLLOUT_MS, async () => (provenMs.size >= NODES.length ? true : undefined));
    const costs = await Promise.all(NODES.map(async ({ name }) => stagesOn(stage, name)));
    return NODES.map(({ name }, at) => ({
      node: name,
      provenAfterMs: (provenMs.get(name) ?? Number.NaN) - fromMs,
      stages: costs[at] ?? fail(name),
    }));
  } finally {
    ended.abort();
    await watching;
    await cleanUp(stage);
  }
}

/** From the last line that each container of the node's Job has logged. */
async function stagesOn({ kubectl }: Stage, node: string): Promise<Readonly<Record<StageName, StageCost>>> {
  const selector = ["-l", `runtime.spinkube.dev/shim=${SHIM}`, "--field-selector", `spec.nodeName=${node}`];
  const pod = (await kubectl(["-n", NAMESPACE, "get", "pods", ...selector, "-o", "name"])).trim();
  async function costOf(container: StageName): Promise<StageCost> {
    const text = await kubectl(["-n", NAMESPACE, "logs", pod, "-c", container]);
    const line = text.split("\n").find((one) => one.includes('"Stage ended"')) ?? fail(node);
    const { report, peakMb } = JSON.parse(line) as { readonly report: InstallReport; readonly peakMb: number };
    return { durationMs: report.durationMs, peakMb };
  }
  return { preflight: await costOf("preflight"), fetch: await costOf("fetch"), install: await costOf("install") };
}

function fail(node: string): never {
  throw new Error(`The Job on ${node} has left no figures`);
}

function drop(): void {
  // A benchmark prints its table only.
}
