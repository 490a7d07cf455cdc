/** A real API server by itself, for one measurement. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKubeClient, kubeconfigCredentials } from "@rcm/lib/kube-client";
import type { KubeClient } from "@rcm/lib/kube-client";
import { startApi } from "../../cluster/index.ts";
import type { RunningApi } from "../../cluster/index.ts";
import { createKubectl } from "../../support/kubectl.ts";
import type { Kubectl } from "../../support/kubectl.ts";

export interface Scene {
  /** An empty folder, which goes with the scene. */
  readonly dir: string;
  readonly api: RunningApi;
  readonly kube: KubeClient;
  readonly kubectl: Kubectl;
}

/** @param options - for the API server: which of Kubernetes' own controllers run. */
export async function inScene<Result>(
  options: Omit<Parameters<typeof startApi>[0], "dir">,
  work: (scene: Scene, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const dir = await mkdtemp(join(tmpdir(), "rcm-bench-"));
  const ended = new AbortController();
  const api = await startApi({ ...options, dir: join(dir, "api") }, ended.signal);
  const credentials = await kubeconfigCredentials(api.kubeconfig);
  const limits = { qps: 10_000, burst: 10_000 };
  const kube = createKubeClient({ credentials, userAgent: "rcm-bench/0", fieldManager: "rcm-bench", ...limits });
  try {
    return await work({ dir, api, kube, kubectl: createKubectl(api.kubeconfig) }, ended.signal);
  } finally {
    ended.abort();
    await kube.close();
    await api.stop(AbortSignal.timeout(30_000));
    await rm(dir, { recursive: true, force: true });
  }
}
