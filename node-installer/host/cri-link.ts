import { messageOf } from "@rcm/lib/errors";
import { DEADLINES } from "../context.ts";
import { CONTAINERD_SOCKET, CriConnection } from "../cri/cri-connection.ts";
import { CriError } from "../cri/cri-error.ts";
import { listContainers, listSandboxes } from "../cri/cri-lists.ts";
import { probeSandbox, removeProbes } from "../cri/probe-sandbox.ts";
import { cgroupParentFor, parseRunningConfig } from "../cri/running-config.ts";
import { waitForCri } from "../cri/wait-for-cri.ts";
import { InstallError } from "../errors.ts";
import type { Cri, CriFacts, RunningContainer, Sandbox } from "./links.ts";

/** Containerd's socket, with a new connection for each question: one from before a restart is of no use after it. */
export function createCri(socket: string = CONTAINERD_SOCKET): Cri {
  return {
    socket,
    facts: async (timeoutMs, signal) => askFacts(socket, timeoutMs, signal),
    sandboxes: async (signal) => once(socket, async (cri) => sandboxesOf(cri, signal)),
    runningContainers: async (signal) => once(socket, async (cri) => containersOf(cri, signal)),
    probe: async (handler, signal) => probe(socket, handler, signal),
    removeProbes: async (signal) => once(socket, async (cri) => removeProbes(cri, signal)),
  };
}

async function askFacts(socket: string, timeoutMs: number, signal: AbortSignal): Promise<CriFacts> {
  try {
    const { containerdVersion, handlers, configJson } = await waitForCri({ socket, deadlineMs: timeoutMs }, signal);
    return { version: containerdVersion, handlers, configJson };
  } catch (error) {
    throw unavailable(error);
  }
}

async function probe(socket: string, handler: string | undefined, signal: AbortSignal): Promise<string | undefined> {
  const { configJson } = await askFacts(socket, DEADLINES.cri, signal);
  const cgroupParent = cgroupParentFor(parseRunningConfig(configJson));
  const wanted = { name: "rcm-probe", cgroupParent, ...(handler === undefined ? {} : { handler }) };
  const result = await once(socket, async (cri) => probeSandbox(cri, wanted, signal));
  return result.kind === "ok" ? undefined : `${result.step} of its sandbox: ${result.message}`;
}

async function sandboxesOf(cri: CriConnection, signal: AbortSignal): Promise<readonly Sandbox[]> {
  const all = await listSandboxes(cri, {}, signal);
  return all.map(({ id, pod, handler, state }) => ({
    id,
    pod: `${pod.namespace}/${pod.name}`,
    podUid: pod.uid,
    handler,
    ready: state === "ready",
  }));
}

async function containersOf(cri: CriConnection, signal: AbortSignal): Promise<readonly RunningContainer[]> {
  const all = await listContainers(cri, { state: "running" }, signal);
  return all.map(({ id, name, labels }) => ({
    id,
    pod: `${labels["io.kubernetes.pod.namespace"] ?? ""}/${labels["io.kubernetes.pod.name"] ?? ""}`,
    name,
  }));
}

async function once<T>(socket: string, work: (cri: CriConnection) => Promise<T>): Promise<T> {
  const cri = new CriConnection(socket);
  try {
    return await work(cri);
  } catch (error) {
    throw unavailable(error);
  } finally {
    cri.close();
  }
}

function unavailable(error: unknown): unknown {
  if (!(error instanceof CriError)) return error;
  return new InstallError(
    "ContainerdUnavailable",
    `${messageOf(error)}: look at containerd's log (journalctl -u containerd)`,
    {
      cause: error,
    },
  );
}
