import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killDaemon, startDaemon } from "../cluster/daemon.ts";
import { freePort } from "../cluster/free-port.ts";
import { buildGoProgram, goExecutable, METRICS_SERVER } from "../cluster/go-program.ts";
import { MACHINE_ADDRESS } from "../cluster/index.ts";
import type { Cluster } from "../cluster/index.ts";
import { eventually } from "./kubectl.ts";
import type { Kubectl } from "./kubectl.ts";

/** It gets its second sight of the nodes, which it needs for a rate, after 10 s. */
const READY_MS = 90_000;
const NAME = "metrics-server";
const NAMESPACE = "kube-system";
const API = "v1beta1.metrics.k8s.io";

export interface MetricsServer {
  stop(): Promise<void>;
}

/**
 * Runs metrics-server on the machine, as a server of the cluster's API: `kubectl top` and autoscalers ask it. It takes
 * minutes to build, once.
 */
export async function startMetricsServer(cluster: Cluster, kubectl: Kubectl): Promise<MetricsServer> {
  const { cacheDir } = cluster.layout.settings;
  const root = await buildGoProgram(METRICS_SERVER, cacheDir, AbortSignal.timeout(1_800_000));
  const port = await freePort(MACHINE_ADDRESS);
  const folder = await mkdtemp(join(tmpdir(), "rcm-metrics-"));
  const kubeconfig = await cluster.kubeconfigPath();
  const flags = {
    ...Object.fromEntries(["", "authentication-", "authorization-"].map((use) => [`${use}kubeconfig`, kubeconfig])),
    "bind-address": MACHINE_ADDRESS,
    "secure-port": String(port),
    "cert-dir": folder,
    "kubelet-certificate-authority": join(cluster.layout.pki, "ca.crt"),
    "kubelet-preferred-address-types": "InternalIP",
    "metric-resolution": "10s",
    "kubelet-request-timeout": "8s", // It must be less.
  };
  const argv = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const options = { logDir: folder, pidDir: folder, lifetime: "ours" } as const;
  await startDaemon(NAME, [goExecutable(root, METRICS_SERVER), ...argv], options);
  async function stop(): Promise<void> {
    await killDaemon(folder, NAME, AbortSignal.timeout(READY_MS));
    await kubectl(["delete", "apiservice", API, "--ignore-not-found"]);
    await kubectl(["-n", NAMESPACE, "delete", "service,endpointslice", "-l", `k8s-app=${NAME}`]);
    await rm(folder, { recursive: true, force: true });
  }
  try {
    await kubectl(["apply", "-f", "-"], JSON.stringify(registration(port)));
    await eventually("figures of pods", READY_MS, async () =>
      (await kubectl(["top", "pods", "-A", "--no-headers"])) === "" ? undefined : true,
    );
  } catch (error) {
    const log = await readFile(join(folder, `${NAME}.log`), "utf8");
    await stop();
    throw new Error(`Cannot start metrics-server: ${log.slice(-2000)}`, { cause: error });
  }
  return { stop };
}

/** A Service without pods, whose one endpoint is the machine, and what makes it part of the API. */
function registration(port: number): object {
  const metadata = { name: NAME, namespace: NAMESPACE, labels: { "k8s-app": NAME } };
  const labels = { ...metadata.labels, "kubernetes.io/service-name": metadata.name };
  const items = [
    { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ name: "https", port: 443, targetPort: port }] } },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...metadata, labels },
      addressType: "IPv4",
      endpoints: [{ addresses: [MACHINE_ADDRESS], conditions: { ready: true } }],
      ports: [{ name: "https", port, protocol: "TCP" }],
    },
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: API },
      spec: {
        group: "metrics.k8s.io",
        version: "v1beta1",
        service: { name: metadata.name, namespace: NAMESPACE, port: 443 },
        insecureSkipTLSVerify: true, // Its certificate is of its own making.
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  ];
  return { apiVersion: "v1", kind: "List", items };
}
