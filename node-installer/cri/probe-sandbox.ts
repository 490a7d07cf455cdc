import { randomUUID } from "node:crypto";
import type { CriConnection } from "./cri-connection.ts";
import { CriError } from "./cri-error.ts";
import { listSandboxes } from "./cri-lists.ts";

export interface Probe {
  /** Name of the probe's pod; in the namespace `PROBE_NAMESPACE`. */
  readonly name: string;
  /** Undefined: the default runtime. */
  readonly handler?: string;
  /** See `cgroupParentFor`. */
  readonly cgroupParent: string;
  /** For the start of the sandbox, in milliseconds; `RUN_TIMEOUT_MS` if not given. */
  readonly timeoutMs?: number;
}

export type ProbeResult =
  | { readonly kind: "ok" }
  /** `message` is CRI's own text. */
  | { readonly kind: "failed"; readonly step: "run" | "stop" | "remove"; readonly message: string };

/** The kubelet does not know this pod and may stop it, too, which does no harm. */
export const PROBE_NAMESPACE = "runtime-class-manager";

/** A sandbox starts in 0.2 s; on a fresh node the pause image may have to be pulled first. */
export const RUN_TIMEOUT_MS = 60_000;

/** For stop and for remove, each. kubelet gives a sandbox the same. */
const CLEAN_UP_TIMEOUT_MS = 15_000;

const PROBE_LABEL = "runtime-class-manager/probe";
const NODE = 2; // NamespaceMode of the CRI: that of the host.

/**
 * Starts a sandbox without containers through a handler, stops it and removes it: proof that containerd, the shim and
 * runc work. It has the host's network, so that it needs no CNI. Nothing is left, however it goes: after a failure,
 * too, what is labelled as this probe's is looked for and removed.
 *
 * @throws {CriError} `UNAVAILABLE` if containerd was not there to answer; the reason of `signal` if that aborts.
 */
export async function probeSandbox(cri: CriConnection, probe: Probe, signal: AbortSignal): Promise<ProbeResult> {
  const uid = randomUUID();
  try {
    return await runOnce(cri, probe, uid, signal);
  } finally {
    await cleanUp(cri, uid);
  }
}

async function runOnce(cri: CriConnection, probe: Probe, uid: string, signal: AbortSignal): Promise<ProbeResult> {
  let step: "run" | "stop" | "remove" = "run";
  try {
    await cri.call("RunPodSandbox", sandboxRequest(probe, uid), signal, probe.timeoutMs ?? RUN_TIMEOUT_MS);
    for (const { id } of await ownSandboxes(cri, uid, signal)) {
      step = "stop";
      await cri.call("StopPodSandbox", { podSandboxId: id }, signal, CLEAN_UP_TIMEOUT_MS);
      step = "remove";
      await cri.call("RemovePodSandbox", { podSandboxId: id }, signal, CLEAN_UP_TIMEOUT_MS);
    }
    return { kind: "ok" };
  } catch (error) {
    if (!(error instanceof CriError) || error.code === "UNAVAILABLE") throw error;
    return { kind: "failed", step, message: error.detail };
  }
}

/** Best effort, and not bound to the caller's signal: what was started must go also when the caller is in a hurry. */
async function cleanUp(cri: CriConnection, uid: string): Promise<void> {
  const signal = AbortSignal.timeout(2 * CLEAN_UP_TIMEOUT_MS);
  try {
    for (const { id } of await ownSandboxes(cri, uid, signal)) {
      await cri.call("StopPodSandbox", { podSandboxId: id }, signal, CLEAN_UP_TIMEOUT_MS).catch(() => undefined);
      await cri.call("RemovePodSandbox", { podSandboxId: id }, signal, CLEAN_UP_TIMEOUT_MS);
    }
  } catch {
    // How the probe went has been said; a sandbox that resists is the kubelet's, which removes pods it does not know.
  }
}

async function ownSandboxes(cri: CriConnection, uid: string, signal: AbortSignal): Promise<readonly { id: string }[]> {
  return listSandboxes(cri, { labels: { [PROBE_LABEL]: uid } }, signal);
}

function sandboxRequest({ name, handler = "", cgroupParent }: Probe, uid: string): object {
  const config = {
    metadata: { name, uid, namespace: PROBE_NAMESPACE, attempt: 0 },
    labels: { [PROBE_LABEL]: uid },
    linux: { cgroupParent, securityContext: { namespaceOptions: { network: NODE, pid: 1, ipc: 0 } } },
  };
  return { config, runtimeHandler: handler };
}
