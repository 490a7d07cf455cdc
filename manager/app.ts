import { aborted } from "@rcm/lib/aborted";
import type { Kube } from "@rcm/lib/kube";
import { createKubeClient, type Credentials, type KubeClient } from "@rcm/lib/kube-client";
import type { Log } from "@rcm/lib/log";
import type { Config } from "./config.ts";
import { createFence, type Fence } from "./fence.ts";
import { Controller } from "./runtime/controller.ts";
import { Events } from "./runtime/events.ts";
import { runAsLeader } from "./runtime/leader.ts";
import { createMetrics, type Metrics } from "./runtime/metrics.ts";
import { startStatusServer, type StatusServer } from "./runtime/server.ts";
import { ShimCache } from "./shims/cache.ts";
import { HandlerUsers } from "./shims/handler-users.ts";
import { reconcileShim } from "./shims/reconcile.ts";
import { createShimMetrics } from "./shims/shim-metrics.ts";
import { StuckPods } from "./shims/stuck-pods.ts";
import { addTriggers } from "./shims/triggers.ts";
import { createSpinOperator, type SpinOperator } from "./spin.ts";
import { VERSION } from "./version.ts";

export interface Surroundings {
  readonly credentials: Credentials;
  /** Differs between any two processes; begins with the pod's name. */
  readonly identity: string;
  readonly log: Log;
}

/** Name of the lease, and how the manager signs what it writes. */
const MANAGER = "runtime-class-manager";
/** Enough for thousands of nodes at once; API priority and fairness protects the server. */
const RATE = { qps: 200, burst: 400 };
/** What happens to a Shim's nodes within this time, in milliseconds, is one pass and one write of its status. */
const MIN_INTERVAL_MS = 500;

interface Parts {
  readonly metrics: Metrics;
  readonly fence: Fence;
  readonly kube: KubeClient;
  readonly cache: ShimCache;
  readonly events: Events;
  readonly controller: Controller;
  readonly spin: SpinOperator;
}

/**
 * Runs the manager until `signal` aborts; then what is being written is finished and the lease is released.
 *
 * @throws {LeaderError} when the lease is lost. @throws {StatusServerError} when a port is taken.
 */
export async function runManager(config: Config, around: Surroundings, signal: AbortSignal): Promise<void> {
  const parts = assemble(config, around);
  const ended = new AbortController();
  const servers: StatusServer[] = [];
  let isSynced = false;
  try {
    for (const start of statusServers(config, around.log, parts.metrics, () => isSynced)) servers.push(await start());
    const watching = Promise.all([parts.cache.run(ended.signal), parts.spin.watch(ended.signal)]);
    await Promise.race([parts.cache.synced, aborted(signal)]);
    isSynced = !signal.aborted;
    around.log.info("Manager started", { version: VERSION, identity: around.identity });
    if (!signal.aborted) await lead(config, around, parts, signal);
    ended.abort();
    await watching;
  } finally {
    ended.abort();
    await Promise.all([parts.kube.close(), ...servers.map(async (server) => server.close())]);
  }
}

function assemble(config: Config, { credentials, identity, log }: Surroundings): Parts {
  const metrics = createMetrics();
  const fence = createFence(config.election !== undefined);
  const kube = createKubeClient({
    ...clientOptions(credentials),
    ...RATE,
    beforeWrite: () => fence.assertOpen(),
    onRequest: (request) => metrics.observeRequest(request),
    onWarning: (text) => log.debug("API server warns", { text }),
  });
  const { settings, maxConcurrentJobs } = config;
  const cache = new ShimCache({ kube, namespace: settings.namespace, log });
  const events = new Events({ kube, reporter: { controller: MANAGER, instance: identity }, log });
  const stuckPods = new StuckPods(kube, settings.namespace);
  const shimMetrics = createShimMetrics(metrics.registry);
  const handlerUsers = new HandlerUsers(kube);
  const lookers = { stuckPods, handlerUsers };
  const options = { kube, cache, settings, maxConcurrentJobs, ...lookers, metrics: shimMetrics, events, log };
  const controller = new Controller({
    name: "shim",
    reconcile: async (name, limited) => reconcileShim(options, name, limited),
    onReconcile: (record) => metrics.observeReconcile(record),
    minIntervalMs: MIN_INTERVAL_MS,
    log,
  });
  metrics.watchQueue("shim", () => controller.depth);
  addTriggers(cache, settings.namespace, (shim) => controller.add(shim));
  const spin = createSpinOperator({ kube, events, metrics, log });
  return { metrics, fence, kube, cache, events, controller, spin };
}

function clientOptions(credentials: Credentials): Parameters<typeof createKubeClient>[0] {
  return { credentials, userAgent: `rcm-manager/${VERSION}`, fieldManager: MANAGER };
}

/** One after another, so that those which listen are closed when another cannot. */
function statusServers(
  { metricsAddress, healthAddress }: Config,
  log: Log,
  metrics: Metrics,
  isSynced: () => boolean,
): readonly (() => Promise<StatusServer>)[] {
  const options = {
    metrics,
    log,
    health: () => [],
    readiness: () => (isSynced() ? [] : ["The first lists of the API server are not complete yet"]),
  };
  const isOne = metricsAddress.port === healthAddress.port && metricsAddress.host === healthAddress.host;
  const addresses = isOne && metricsAddress.port !== 0 ? [metricsAddress] : [metricsAddress, healthAddress];
  return addresses.map((address) => async () => startStatusServer({ ...options, ...address }));
}

/** Works while the lease is ours. */
async function lead(config: Config, around: Surroundings, parts: Parts, signal: AbortSignal): Promise<void> {
  const { election, settings } = config;
  if (election === undefined) {
    await work(parts, signal, new AbortController().signal);
    return;
  }
  // Its own client: the renewal does not queue behind other requests, and is not fenced.
  const kube: Kube & Pick<KubeClient, "close"> = createKubeClient(clientOptions(around.credentials));
  const { identity, log } = around;
  const options = { ...election, kube, namespace: settings.namespace, name: MANAGER, identity, log };
  try {
    await runAsLeader(
      { ...options, onLeading: (isLeading) => parts.metrics.setLeading(isLeading) },
      async (leadership) => {
        parts.fence.open(leadership);
        await work(parts, signal, leadership.signal);
      },
      signal,
    );
  } finally {
    await kube.close();
  }
}

async function work({ controller, spin, events }: Parts, stopping: AbortSignal, lost: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const writing = events.run(ended.signal);
  try {
    await Promise.all([controller.run(stopping, lost), spin.work(stopping, lost)]);
  } finally {
    ended.abort();
    await writing;
  }
}
