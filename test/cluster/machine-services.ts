import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DNS_SERVICE_ADDRESS, MACHINE_ADDRESS, REGISTRY } from "./addresses.ts";
import type { Api } from "./api.ts";
import type { DaemonOptions } from "./daemon.ts";
import { startDaemon } from "./daemon.ts";
import { pollUntil } from "./poll-until.ts";
import type { Layout } from "./settings.ts";

const START_TIMEOUT_MS = 30_000;

/**
 * Starts CoreDNS on the machine. Pods reach it as the Service `kube-dns`, whose one endpoint is the machine: so names
 * work without a pod, an image and a node.
 */
export async function startDns(layout: Layout, coredns: string, options: DaemonOptions): Promise<void> {
  const file = join(layout.settings.dir, "Corefile");
  const corefile = `cluster.local:53 in-addr.arpa:53 {
  bind ${MACHINE_ADDRESS}
  errors
  ready ${MACHINE_ADDRESS}:8181
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${join(layout.pki, "coredns.conf")}
    pods insecure
    ttl 5
  }
  cache 5
}
`;
  await writeFile(file, corefile);
  await startDaemon("coredns", [coredns, "-conf", file], options);
}

/** Waits until CoreDNS has read the cluster's Services, and the registry answers. */
export async function waitForServices(layout: Layout, signal: AbortSignal): Promise<void> {
  const addresses = { coredns: `http://${MACHINE_ADDRESS}:8181/ready`, registry: `http://${REGISTRY}/v2/` };
  await Promise.all(
    Object.entries(addresses).map(async ([what, url]) =>
      pollUntil(
        { what, timeoutMs: START_TIMEOUT_MS, see: join(layout.log, `${what}.log`) },
        async (polling) => ((await fetch(url, { signal: polling })).ok ? true : undefined),
        signal,
      ),
    ),
  );
}

/** Makes the Service of the cluster's DNS. */
export async function publishDns(api: Api, signal: AbortSignal): Promise<void> {
  const path = "/api/v1/namespaces/kube-system";
  await pollUntil(
    { what: "the namespace kube-system", timeoutMs: START_TIMEOUT_MS, see: "log/apiserver.log" },
    async (polling) => api.call({ path }, polling),
    signal,
  );
  const metadata = { name: "kube-dns", labels: { "k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS" } };
  const ports = [
    { name: "dns", port: 53, protocol: "UDP" },
    { name: "dns-tcp", port: 53, protocol: "TCP" },
  ];
  const service = { metadata, spec: { clusterIP: DNS_SERVICE_ADDRESS, ports } };
  await create(api, `${path}/services`, service, signal);
  const slice = {
    metadata: { name: "kube-dns-machine", labels: { "kubernetes.io/service-name": "kube-dns" } },
    addressType: "IPv4",
    endpoints: [{ addresses: [MACHINE_ADDRESS], conditions: { ready: true } }],
    ports,
  };
  const slices = "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices";
  await create(api, slices, slice, signal);
}

/** A new API server is ready before it can give a Service its address. */
async function create(api: Api, path: string, body: object, signal: AbortSignal): Promise<void> {
  await pollUntil(
    { what: `an object in ${path}`, timeoutMs: START_TIMEOUT_MS, intervalMs: 200, see: "log/apiserver.log" },
    async (polling) => {
      await api.call({ method: "POST", path, body, accept: [409] }, polling);
      return true;
    },
    signal,
  );
}

/** Starts Debian's registry, which the nodes' containerd is told to use without TLS. */
export async function startRegistry(layout: Layout, options: DaemonOptions): Promise<void> {
  const storage = join(layout.settings.dir, "registry");
  await mkdir(storage, { recursive: true });
  const file = join(layout.settings.dir, "registry.json");
  const config = {
    version: 0.1,
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: { addr: REGISTRY },
  };
  await writeFile(file, JSON.stringify(config)); // JSON is YAML.
  await startDaemon("registry", ["docker-registry", "serve", file], options);
}
