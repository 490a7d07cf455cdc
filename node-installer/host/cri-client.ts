import { loadPackageDefinition, credentials, Metadata } from "@grpc/grpc-js";
import type { ServiceClientConstructor, ServiceError } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "@rcm/lib/errors";
import { DEADLINES } from "../context.ts";
import { InstallError } from "../errors.ts";
import { CRI_SCHEMA } from "./cri-schema.ts";
import type { METHODS } from "./cri-schema.ts";
import type { Cri, CriFacts, RunningContainer, Sandbox } from "./links.ts";
import { probePod } from "./probe-pod.ts";
import type { Json } from "./probe-pod.ts";

export type Method = (typeof METHODS)[number];

const READY = 0;
const RUNNING = 1;
const POLL_MS = 50;
const CALL_MS = 5000;
const MESSAGE_MAX_BYTES = 64 * 1024 * 1024;

/** A client of containerd's socket. Each call has a connection of its own, so that a restart never leaves a dead one. */
export function createCri(socket: string): Cri {
  const call = caller(socket);
  return {
    facts: async (timeoutMs, signal) => eventualFacts(call, socket, timeoutMs, signal),
    sandboxes: async (signal) => listSandboxes(call, signal),
    runningContainers: async (signal) => listRunning(call, signal),
    probe: async (handler, signal) => {
      const { configJson } = await eventualFacts(call, socket, DEADLINES.cri, signal);
      return probePod(call, { handler, configJson }, signal);
    },
  };
}

/** @param timeoutMs deadline in milliseconds. */
export type Call = (method: Method, request: Json, timeoutMs: number, signal: AbortSignal) => Promise<Json>;

function caller(socket: string): Call {
  const options = { keepCase: true, longs: String, defaults: true, objects: true, arrays: true };
  const loaded = loadPackageDefinition(fromJSON(CRI_SCHEMA, options)) as unknown as {
    readonly runtime: { readonly v1: { readonly RuntimeService: ServiceClientConstructor } };
  };
  const Service = loaded.runtime.v1.RuntimeService;
  const channel = { "grpc.max_receive_message_length": MESSAGE_MAX_BYTES, "grpc.use_local_subchannel_pool": 1 };
  return async (method, request, timeoutMs, signal) => {
    signal.throwIfAborted();
    const client = new Service(`unix:${socket}`, credentials.createInsecure(), channel);
    try {
      return await new Promise<Json>((resolve, reject) => {
        const answer = (error: ServiceError | null, reply: Json): void => {
          if (error === null) resolve(reply);
          else reject(error);
        };
        const run = client[method]?.bind(client) as unknown as UnaryCall;
        const running = run(request, new Metadata(), { deadline: Date.now() + timeoutMs }, answer);
        signal.addEventListener("abort", () => running.cancel(), { once: true });
      });
    } finally {
      client.close();
    }
  };
}

type UnaryCall = (
  request: Json,
  metadata: Metadata,
  options: { readonly deadline: number },
  answer: (error: ServiceError | null, reply: Json) => void,
) => { cancel(): void };

/** Asks until CRI answers and says that its runtime is ready. */
async function eventualFacts(call: Call, socket: string, timeoutMs: number, signal: AbortSignal): Promise<CriFacts> {
  let last: unknown = "it says that its runtime is not ready";
  for (const end = performance.now() + timeoutMs; performance.now() < end; ) {
    try {
      const facts = await askFacts(call, signal);
      if (facts.ready) return facts;
    } catch (error) {
      signal.throwIfAborted();
      last = error;
    }
    await delay(POLL_MS, undefined, { signal });
  }
  throw new InstallError(
    "ContainerdUnavailable",
    `Containerd did not answer at "${socket}" within ${timeoutMs / 1000} s: ${messageOf(last)}: look at its log (journalctl -u containerd)`,
    { cause: last },
  );
}

async function askFacts(call: Call, signal: AbortSignal): Promise<CriFacts> {
  const version = await call("Version", {}, CALL_MS, signal);
  const status = await call("Status", { verbose: true }, CALL_MS, signal);
  const conditions = status.status?.conditions ?? [];
  const configJson = status.info?.["config"] ?? "{}";
  return {
    version: version.runtime_version ?? "",
    ready: conditions.some(({ type, status: value }) => type === "RuntimeReady" && value === true),
    handlers: (status.runtime_handlers ?? []).map(({ name }) => name ?? ""),
    configJson,
  };
}

async function listSandboxes(call: Call, signal: AbortSignal): Promise<readonly Sandbox[]> {
  const { items = [] } = await call("ListPodSandbox", {}, CALL_MS, signal);
  return items.map(({ id = "", metadata, state, runtime_handler: handler = "" }) => ({
    id,
    pod: `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`,
    handler,
    ready: state === READY,
  }));
}

async function listRunning(call: Call, signal: AbortSignal): Promise<readonly RunningContainer[]> {
  const { containers = [] } = await call("ListContainers", { filter: { state: { state: RUNNING } } }, CALL_MS, signal);
  return containers.map(({ id = "", metadata, labels = {} }) => ({
    id,
    pod: `${labels["io.kubernetes.pod.namespace"] ?? ""}/${labels["io.kubernetes.pod.name"] ?? ""}`,
    name: metadata?.name ?? "",
  }));
}
