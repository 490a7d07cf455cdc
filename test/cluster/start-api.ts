import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Api } from "./api.ts";
import { connectApi } from "./api.ts";
import type { Plane } from "./control-plane.ts";
import {
  apiUrl,
  auditLogOf,
  etcdUrl,
  makeCredentials,
  pkiOf,
  startApiServer,
  startControllerManager,
  startEtcd,
  waitForApi,
} from "./control-plane.ts";
import { killDaemon } from "./daemon.ts";
import { freePort, isPortFree } from "./free-port.ts";
import { KUBE, buildGoProgram, goExecutable } from "./go-program.ts";
import { pollUntil } from "./poll-until.ts";
import { currentSettings } from "./settings.ts";

export interface ApiOptions {
  /** A folder of its own: made, and removed by `stop`. */
  readonly dir: string;
  /** Also run kube-controller-manager: Jobs, garbage collection, namespaces, service accounts. */
  readonly with?: "controllers";
  /** More flags for the API server, without dashes: `{ "etcd-compaction-interval": "1s" }`. */
  readonly apiFlags?: Readonly<Record<string, string>>;
}

/** A real API server with its etcd, without nodes. It ends with this process at the latest. */
export interface RunningApi {
  readonly url: string;
  /** For a client that may do everything. */
  readonly kubeconfig: string;
  /** One JSON object a finished request. */
  readonly auditLog: string;
  /** etcd's client address; its gRPC gateway takes JSON, e.g. `POST /v3/kv/compaction`. */
  readonly etcdUrl: string;
  /** Our own client, for a test's preparations. */
  readonly api: Api;
  /** Kills the API server; etcd goes on. */
  killApiServer(signal: AbortSignal): Promise<void>;
  /** Starts it again at the same address and waits until it is ready. */
  startApiServer(signal: AbortSignal): Promise<void>;
  stop(signal: AbortSignal): Promise<void>;
}

/**
 * Starts etcd and kube-apiserver (RBAC, default admission) on free ports of 127.0.0.1 and waits until it is ready: about
 * 3 s once Kubernetes is built. Several run side by side.
 *
 * @throws {ClusterError} which says what failed and which log to read.
 */
export async function startApi(options: ApiOptions, signal: AbortSignal): Promise<RunningApi> {
  const plane = await planeOf(options, signal);
  await makeCredentials(plane, signal);
  const api = await connectApi(apiUrl(plane), pkiOf(plane), "cluster");
  const running: RunningApi = {
    url: apiUrl(plane),
    kubeconfig: join(plane.dir, "admin.conf"),
    auditLog: auditLogOf(plane),
    etcdUrl: etcdUrl(plane),
    api,
    killApiServer: async (killing) => killDaemon(plane.daemons.pidDir, "apiserver", killing),
    startApiServer: async (starting) => {
      await waitForPort(plane, starting);
      await startApiServer(plane);
      await waitForApi(plane, api, starting);
    },
    stop: async (stopping) => stop(plane, api, stopping),
  };
  try {
    await startEtcd(plane);
    await running.startApiServer(signal);
    if (options.with === "controllers") await startControllerManager(plane);
  } catch (error) {
    await killAll(plane, AbortSignal.timeout(10_000)); // The logs stay.
    throw error;
  }
  return running;
}

async function planeOf({ dir, apiFlags = {} }: ApiOptions, signal: AbortSignal): Promise<Plane> {
  const kube = goExecutable(await buildGoProgram(KUBE, currentSettings().cacheDir, signal), KUBE);
  const ports = new Set<number>();
  while (ports.size < 3) ports.add(await freePort());
  const [apiPort = 0, etcdPort = 0, etcdPeerPort = 0] = ports;
  return {
    kube,
    dir,
    address: "127.0.0.1",
    apiPort,
    etcdPort,
    etcdPeerPort,
    serviceSubnet: "10.96.0.0/16",
    serviceAddress: "10.96.0.1",
    daemons: { logDir: join(dir, "log"), pidDir: join(dir, "run"), lifetime: "ours" },
    // Without nodes nobody asks for the endpoints of Service kubernetes, which may not be of the loopback.
    apiFlags: { "endpoint-reconciler-type": "none", ...apiFlags },
  };
}

/** One that was killed a moment ago may still have it. */
async function waitForPort({ address, apiPort, daemons }: Plane, signal: AbortSignal): Promise<void> {
  await pollUntil(
    { what: `port ${apiPort} to be free`, timeoutMs: 20_000, intervalMs: 20, see: daemons.logDir },
    async () => ((await isPortFree(apiPort, address)) ? true : undefined),
    signal,
  );
}

async function stop(plane: Plane, api: Api, signal: AbortSignal): Promise<void> {
  await api.close();
  await killAll(plane, signal);
  await rm(plane.dir, { recursive: true, force: true });
}

async function killAll({ daemons }: Plane, signal: AbortSignal): Promise<void> {
  for (const name of ["controller-manager", "apiserver", "etcd"]) await killDaemon(daemons.pidDir, name, signal);
}
