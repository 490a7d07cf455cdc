import type { CriConnection } from "./cri-connection.ts";
import { messageIn, messagesIn, numberIn, replyFrom, textIn, textsIn, type Reply } from "./reply.ts";

/** A pod as CRI knows it. */
export interface Sandbox {
  readonly id: string;
  readonly pod: { readonly name: string; readonly namespace: string; readonly uid: string };
  /** Empty for the default. */
  readonly handler: string;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: "ready" | "notReady";
}

export interface SandboxFilter {
  readonly handler?: string;
  readonly state?: Sandbox["state"];
  /** Labels that it must have. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A container as CRI knows it. */
export interface Container {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  /** How often it has been restarted. */
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  /** kubelet notes its pod in `io.kubernetes.pod.namespace` and `io.kubernetes.pod.name`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly state: "created" | "running" | "exited" | "unknown";
}

const SANDBOX_STATES = ["ready", "notReady"] as const;
const CONTAINER_STATES = ["created", "running", "exited", "unknown"] as const;
const NANOSECONDS_IN_MS = 1e6;

export async function listSandboxes(
  cri: CriConnection,
  { handler, state, labels = {} }: SandboxFilter,
  signal: AbortSignal,
): Promise<readonly Sandbox[]> {
  const ofState = state === undefined ? {} : { state: { state: SANDBOX_STATES.indexOf(state) } };
  const answer = await cri.call("ListPodSandbox", { filter: { labelSelector: labels, ...ofState } }, signal);
  const all = messagesIn(replyFrom(answer), "items").map(sandboxFrom);
  return all.filter((sandbox) => handler === undefined || sandbox.handler === handler);
}

/** @param filter.state only the containers in that state. */
export async function listContainers(
  cri: CriConnection,
  { sandboxId = "", state }: { readonly sandboxId?: string; readonly state?: Container["state"] },
  signal: AbortSignal,
): Promise<readonly Container[]> {
  const ofState = state === undefined ? {} : { state: { state: CONTAINER_STATES.indexOf(state) } };
  const answer = await cri.call("ListContainers", { filter: { podSandboxId: sandboxId, ...ofState } }, signal);
  return messagesIn(replyFrom(answer), "containers").map(containerFrom);
}

function sandboxFrom(item: Reply): Sandbox {
  const pod = messageIn(item, "metadata");
  return {
    id: textIn(item, "id"),
    pod: { name: textIn(pod, "name"), namespace: textIn(pod, "namespace"), uid: textIn(pod, "uid") },
    handler: textIn(item, "runtimeHandler"),
    createdAtMs: Math.floor(numberIn(item, "createdAt") / NANOSECONDS_IN_MS),
    labels: textsIn(item, "labels"),
    state: SANDBOX_STATES[numberIn(item, "state")] ?? "notReady",
  };
}

function containerFrom(item: Reply): Container {
  const metadata = messageIn(item, "metadata");
  return {
    id: textIn(item, "id"),
    sandboxId: textIn(item, "podSandboxId"),
    name: textIn(metadata, "name"),
    attempt: numberIn(metadata, "attempt"),
    createdAtMs: Math.floor(numberIn(item, "createdAt") / NANOSECONDS_IN_MS),
    labels: textsIn(item, "labels"),
    state: CONTAINER_STATES[numberIn(item, "state")] ?? "unknown",
  };
}
