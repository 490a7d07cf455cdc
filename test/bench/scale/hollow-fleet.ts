/** Nodes without machines, of the size that real ones have: about 10 kB, most of it the list of images. */
import type { Kube, KubeObject, Resource } from "@rcm/lib/kube";
import { each } from "./each.ts";

const NODES: Resource = { group: "", version: "v1", plural: "nodes", kind: "Node", namespaced: false };
const JOBS: Resource<KubeObject & { readonly spec?: object }> = {
  group: "batch",
  version: "v1",
  plural: "jobs",
  kind: "Job",
  namespaced: true,
};

export async function createNodes(kube: Kube, count: number, signal: AbortSignal): Promise<void> {
  await each(count, async (at) => {
    const name = `node-${at}`;
    await kube.create(NODES, { metadata: { name, labels: labels(name) } }, {}, signal);
    const patch = { kind: "merge", subresource: "status", body: { status: nodeStatus(name) } } as const;
    await kube.patch(NODES, { name }, patch, signal);
    // Admission taints every new node, and no node controller is here to take that back.
    await kube.patch(NODES, { name }, { kind: "merge", body: { spec: { taints: null } } }, signal);
  });
}

/**
 * What no manager can beat: a Job and a patch of the Node for each, by a plain loop.
 *
 * @returns seconds. The Jobs, in namespace `default`, are for the caller to delete.
 */
export async function timeOfPlainLoop(kube: Kube, count: number, signal: AbortSignal): Promise<number> {
  const from = performance.now();
  const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } };
  await each(count, async (at) => {
    await kube.create(
      JOBS,
      { metadata: { name: `plain-${at}`, namespace: "default" }, spec: { template } },
      {},
      signal,
    );
    const body = { metadata: { labels: { plain: "x" } } };
    await kube.patch(NODES, { name: `node-${at}` }, { kind: "merge", body }, signal);
  });
  return (performance.now() - from) / 1000;
}

function labels(name: string): Readonly<Record<string, string>> {
  return {
    "kubernetes.io/hostname": name,
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": "amd64",
    "beta.kubernetes.io/os": "linux",
    "beta.kubernetes.io/arch": "amd64",
    "node.kubernetes.io/instance-type": "m7i.2xlarge",
    "topology.kubernetes.io/region": "region-1",
    "topology.kubernetes.io/zone": "region-1a",
  };
}

function nodeStatus(name: string): object {
  const conditions = [
    condition("MemoryPressure", "False"),
    condition("DiskPressure", "False"),
    condition("PIDPressure", "False"),
    condition("Ready", "True"),
  ];
  const nodeInfo = {
    operatingSystem: "linux",
    architecture: "amd64",
    machineID: `machine-${name}`,
    bootID: `boot-${name}`,
    osImage: "Debian GNU/Linux 13 (trixie)",
    kernelVersion: "6.12.0",
    kubeletVersion: "v1.34.4",
    kubeProxyVersion: "",
    containerRuntimeVersion: "containerd://2.1.9",
    systemUUID: name,
  };
  return { images: images(), conditions, nodeInfo };
}

/** As many as a kubelet reports. */
function images(): readonly object[] {
  return Array.from({ length: 50 }, (_, at) => {
    const name = `registry.example/team/application-${at}`;
    return { names: [`${name}@sha256:${"a".repeat(64)}`, `${name}:1`], sizeBytes: 100_000_000 };
  });
}

function condition(type: string, status: "True" | "False"): object {
  const now = new Date().toISOString();
  return {
    type,
    status,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
    reason: "Bench",
    message: "For the benchmark",
  };
}
