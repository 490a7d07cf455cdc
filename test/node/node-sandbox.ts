import { randomUUID } from "node:crypto";
import { CONTAINERD_SOCKET, CriConnection } from "@rcm/node-installer/cri/cri-connection";
import { criStatus } from "@rcm/node-installer/cri/cri-status";
import { cgroupParentFor, parseRunningConfig } from "@rcm/node-installer/cri/running-config";
import type { NodeHost } from "../support/node-host.ts";

const DEADLINE_MS = 30_000;

export interface NodeSandbox {
  readonly id: string;
  /** The pod's. */
  readonly uid: string;
  remove(): Promise<void>;
}

/**
 * Starts a pod in a node as a kubelet does, but in the node's network. The node's own kubelet ends pods that it does not
 * know, each two seconds: it is held until the pod is removed.
 */
export async function startSandbox(host: NodeHost, runtimeHandler = ""): Promise<NodeSandbox> {
  await signalKubelet(host, "STOP");
  try {
    return await runSandbox(host, runtimeHandler);
  } catch (error) {
    await signalKubelet(host, "CONT");
    throw error;
  }
}

async function signalKubelet(host: NodeHost, signal: "STOP" | "CONT"): Promise<void> {
  await host.out(`systemctl kill --signal=${signal} kubelet`);
}

async function runSandbox(host: NodeHost, runtimeHandler: string): Promise<NodeSandbox> {
  const signal = AbortSignal.timeout(3 * DEADLINE_MS);
  const cri = await connect(host);
  const uid = randomUUID();
  const metadata = { name: `pod-${uid}`, uid, namespace: "rcm-test" };
  const cgroupParent = cgroupParentFor(parseRunningConfig((await criStatus(cri, signal)).configJson));
  const linux = { cgroupParent, securityContext: { namespaceOptions: { network: 2 } } };
  const made = await cri.call("RunPodSandbox", { config: { metadata, linux }, runtimeHandler }, signal, DEADLINE_MS);
  const sandbox = made as { readonly podSandboxId: string };
  async function remove(): Promise<void> {
    try {
      await cri.call("StopPodSandbox", sandbox, signal, DEADLINE_MS);
      await cri.call("RemovePodSandbox", sandbox, signal, DEADLINE_MS);
    } finally {
      cri.close();
      await signalKubelet(host, "CONT");
    }
  }
  return { id: sandbox.podSandboxId, uid, remove };
}

/** The options that a node's containerd has in force for a handler. */
export async function optionsInForce(host: NodeHost, handler: string): Promise<unknown> {
  const cri = await connect(host);
  try {
    const { configJson } = await criStatus(cri, AbortSignal.timeout(DEADLINE_MS));
    const { containerd } = JSON.parse(configJson) as { containerd: { runtimes: Record<string, { options: unknown }> } };
    return containerd.runtimes[handler]?.options;
  } finally {
    cri.close();
  }
}

async function connect(host: NodeHost): Promise<CriConnection> {
  return new CriConnection(`${await host.cluster.nodeRoot(host.name)}${CONTAINERD_SOCKET}`);
}
