import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
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

/** For a sandbox that comes up after we stopped waiting for it. */
const LATE_START_MS = 5000;
const LATE_POLL_MS = 250;

/** Its value is the probe's UID. */
export const PROBE_LABEL = "runtime-class-manager/probe";
const NODE = 2; // NamespaceMode of the CRI: that of the host.

/**
 * Starts a sandbox without containers through a handler, stops it and removes it: proof that containerd, the shim and
 * runc work. It has the host's network, so that it needs no CNI. Nothing is left, however it goes: what is labelled as
 * this probe's is looked for and removed. Where `signal` aborts, that takes as long as containerd needs for the start.
 *
 * @throws {CriError} `UNAVAILABLE` if containerd was not there to answer; the reason of `signal` if that aborts.
 */
export async function probeSandbox(cri: CriConnection, probe: Probe, signal: AbortSignal): Promise<ProbeResult> {
  signal.throwIfAborted();
  const uid = randomUUID();
  const start = await settled(startSandbox(cri, probe, uid));
  try {
    signal.throwIfAborted();
    return start.error === undefined ? await endSandbox(cri, uid, signal) : failure("run", start.error);
  } finally {
    await cleanUp(cri, uid, isUnclear(start.error) ? LATE_START_MS : 0);
  }
}

/**
 * Not bound to the caller's signal: containerd goes on with a start whose caller has hung up, and lists the sandbox
 * only once it is up (seen on 1.6.20, 1.7.24 and 2.1.9), so that nothing would be there to be removed.
 */
async function startSandbox(cri: CriConnection, probe: Probe, uid: string): Promise<void> {
  const timeoutMs = probe.timeoutMs ?? RUN_TIMEOUT_MS;
  await cri.call("RunPodSandbox", sandboxRequest(probe, uid), AbortSignal.timeout(timeoutMs + 1000), timeoutMs);
}

async function endSandbox(cri: CriConnection, uid: string, signal: AbortSignal): Promise<ProbeResult> {
  for (const { id } of await ownSandboxes(cri, uid, signal)) {
    for (const { step, method } of END) {
      const { error } = await settled(cri.call(method, { podSandboxId: id }, signal, CLEAN_UP_TIMEOUT_MS));
      if (error !== undefined) return failure(step, error);
    }
  }
  return { kind: "ok" };
}

const END = [
  { step: "stop", method: "StopPodSandbox" },
  { step: "remove", method: "RemovePodSandbox" },
] as const;

function failure(step: "run" | "stop" | "remove", error: Error): ProbeResult {
  if (!(error instanceof CriError) || error.code === "UNAVAILABLE") throw error;
  return { kind: "failed", step, message: error.detail };
}

/** We stopped waiting before containerd answered: its sandbox may still come up. */
function isUnclear(error: Error | undefined): boolean {
  return error instanceof CriError && error.code === "TIMEOUT";
}

/**
 * Best effort, and not bound to the caller's signal either.
 *
 * @param lateMs for so many milliseconds a sandbox may still come up.
 */
async function cleanUp(cri: CriConnection, uid: string, lateMs: number): Promise<void> {
  const signal = AbortSignal.timeout(lateMs + 2 * CLEAN_UP_TIMEOUT_MS);
  try {
    let left = await ownSandboxes(cri, uid, signal);
    for (const end = Date.now() + lateMs; left.length === 0 && Date.now() < end;) {
      await delay(LATE_POLL_MS);
      left = await ownSandboxes(cri, uid, signal);
    }
    await remove(cri, left, signal);
  } catch {
    // How the probe went has been said; a sandbox that resists is the kubelet's, which removes pods it does not know.
  }
}

/** Removes what is left of probes whose process was killed. Those that go on are not told apart from them. */
export async function removeProbes(cri: CriConnection, signal: AbortSignal): Promise<void> {
  const all = await listSandboxes(cri, {}, signal);
  const left = all.filter(({ labels }) => labels[PROBE_LABEL] !== undefined);
  await remove(cri, left, signal);
}

async function remove(
  cri: CriConnection,
  sandboxes: readonly { readonly id: string }[],
  signal: AbortSignal,
): Promise<void> {
  for (const { id } of sandboxes) {
    await cri.call("StopPodSandbox", { podSandboxId: id }, signal, CLEAN_UP_TIMEOUT_MS).catch(() => undefined);
    await cri.call("RemovePodSandbox", { podSandboxId: id }, signal, CLEAN_UP_TIMEOUT_MS);
  }
}

async function settled(work: Promise<unknown>): Promise<{ readonly error?: Error }> {
  try {
    await work;
    return {};
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
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
