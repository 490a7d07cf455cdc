import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Api } from "./api.ts";
import { ClusterError } from "./cluster-error.ts";
import type { DaemonOptions } from "./daemon.ts";
import { findDaemon, startDaemon } from "./daemon.ts";
import { issueCertificates, makeAuthority, writeKubeconfig } from "./pki.ts";
import { pollUntil } from "./poll-until.ts";

/** A control plane on this machine: where it listens and where its files are. */
export interface Plane {
  /** The `kube` executable. */
  readonly kube: string;
  /** Holds pki/, etcd/ and the kubeconfigs. */
  readonly dir: string;
  readonly address: string;
  readonly apiPort: number;
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly serviceSubnet: string;
  /** First address of `serviceSubnet`: the Service `kubernetes`. */
  readonly serviceAddress: string;
  readonly daemons: DaemonOptions;
  /** More flags for the API server, without dashes. */
  readonly apiFlags?: Readonly<Record<string, string>>;
}

const START_TIMEOUT_MS = 60_000;
/** As what the API server hands requests on to the servers of APIServices. */
const FRONT_PROXY = "front-proxy";

export function apiUrl({ address, apiPort }: Plane): string {
  return `https://${address}:${String(apiPort)}`;
}

export function pkiOf({ dir }: Plane): string {
  return join(dir, "pki");
}

/** Where the API server says who asked for what: one JSON object a request, at the end of the request. */
export function auditLogOf({ daemons }: Plane): string {
  return join(daemons.logDir, "audit.log");
}

/** Makes the certificates of the control plane and `admin.conf`. */
export async function makeCredentials(plane: Plane, signal: AbortSignal): Promise<void> {
  const pki = pkiOf(plane);
  await makeAuthority(pki, signal);
  const service = ["", ".default", ".default.svc", ".default.svc.cluster.local"].map((end) => `DNS:kubernetes${end}`);
  const addresses = ["127.0.0.1", plane.address, plane.serviceAddress].map((address) => `IP:${address}`);
  const clients = [
    { name: "admin", subject: "/O=system:masters/CN=admin" },
    { name: "controller-manager", subject: "/CN=system:kube-controller-manager" },
    { name: "scheduler", subject: "/CN=system:kube-scheduler" },
    { name: "proxy", subject: "/CN=system:kube-proxy" },
    { name: "coredns", subject: "/O=system:masters/CN=coredns" },
    { name: "cluster", subject: "/O=system:masters/CN=rcm-cluster" },
    { name: FRONT_PROXY, subject: `/CN=${FRONT_PROXY}` },
    { name: "apiserver-kubelet", subject: "/O=system:masters/CN=apiserver-kubelet" },
  ];
  const server = {
    name: "apiserver",
    subject: "/CN=kube-apiserver",
    names: [...service, "DNS:localhost", ...addresses],
  };
  await issueCertificates(pki, [...clients, server], signal);
  await writeKubeconfig(join(plane.dir, "admin.conf"), pki, "admin", apiUrl(plane));
  for (const { name } of clients) await writeKubeconfig(join(pki, `${name}.conf`), pki, name, apiUrl(plane));
}

export function etcdUrl({ address, etcdPort }: Plane): string {
  return `http://${address}:${String(etcdPort)}`;
}

/** Starts etcd; without fsync, for no cluster outlives a power cut. */
export async function startEtcd(plane: Plane): Promise<void> {
  await mkdir(join(plane.dir, "etcd"), { recursive: true, mode: 0o700 });
  const etcd = etcdUrl(plane);
  await start(plane, "etcd", "etcd", {
    "data-dir": join(plane.dir, "etcd"),
    "listen-client-urls": etcd,
    "advertise-client-urls": etcd,
    "listen-peer-urls": `http://${plane.address}:${String(plane.etcdPeerPort)}`,
    "unsafe-no-fsync": "true",
    "log-level": "warn",
  });
}

/** Starts the API server; it may start before etcd. */
export async function startApiServer(plane: Plane): Promise<void> {
  const pki = pkiOf(plane);
  await writeFile(join(plane.dir, "audit-policy.json"), JSON.stringify(AUDIT_POLICY));
  await writeFile(join(plane.dir, "admission.json"), JSON.stringify(ADMISSION));
  await start(plane, "apiserver", "apiserver", {
    "etcd-servers": etcdUrl(plane),
    "advertise-address": plane.address,
    "bind-address": plane.address,
    "secure-port": String(plane.apiPort),
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction",
    "admission-control-config-file": join(plane.dir, "admission.json"),
    "client-ca-file": join(pki, "ca.crt"),
    "tls-cert-file": join(pki, "apiserver.crt"),
    "tls-private-key-file": join(pki, "apiserver.key"),
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-account-key-file": join(pki, "sa.pub"),
    "service-account-signing-key-file": join(pki, "sa.key"),
    "kubelet-client-certificate": join(pki, "apiserver-kubelet.crt"),
    "kubelet-client-key": join(pki, "apiserver-kubelet.key"),
    ...aggregationFlags(pki),
    // Nodes have no DNS names.
    "kubelet-preferred-address-types": "InternalIP",
    "service-cluster-ip-range": plane.serviceSubnet,
    "allow-privileged": "true",
    "audit-policy-file": join(plane.dir, "audit-policy.json"),
    "audit-log-path": auditLogOf(plane),
    "audit-log-maxsize": "4096",
    ...plane.apiFlags,
  });
}

/** For APIServices: the server behind one believes what the API server says of who asks. No Service address is needed. */
function aggregationFlags(pki: string): Readonly<Record<string, string>> {
  return {
    "proxy-client-cert-file": join(pki, `${FRONT_PROXY}.crt`),
    "proxy-client-key-file": join(pki, `${FRONT_PROXY}.key`),
    "requestheader-client-ca-file": join(pki, "ca.crt"),
    "requestheader-allowed-names": FRONT_PROXY,
    "requestheader-username-headers": "X-Remote-User",
    "requestheader-group-headers": "X-Remote-Group",
    "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    "enable-aggregator-routing": "true",
  };
}

const AUDIT_POLICY = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived", "ResponseStarted"],
  rules: [{ level: "Metadata" }],
};

/**
 * As GKE has it: pods of the critical priority classes need a quota of their namespace that names these.
 *
 * @see {@link https://kubernetes.io/docs/concepts/policy/resource-quotas/#limit-priority-class-consumption-by-default}
 */
const ADMISSION = {
  apiVersion: "apiserver.config.k8s.io/v1",
  kind: "AdmissionConfiguration",
  plugins: [
    {
      name: "ResourceQuota",
      configuration: {
        apiVersion: "apiserver.config.k8s.io/v1",
        kind: "ResourceQuotaConfiguration",
        limitedResources: [
          {
            resource: "pods",
            matchScopes: [
              {
                scopeName: "PriorityClass",
                operator: "In",
                values: ["system-node-critical", "system-cluster-critical"],
              },
            ],
          },
        ],
      },
    },
  ],
};

/** @throws {ClusterError} `DEADLINE_EXCEEDED` or, if a program ended, `COMMAND_FAILED`. */
export async function waitForApi(plane: Plane, api: Api, signal: AbortSignal): Promise<void> {
  const see = ["apiserver", "etcd"].map((name) => join(plane.daemons.logDir, `${name}.log`)).join(" and ");
  await pollUntil(
    { what: "the API server", timeoutMs: START_TIMEOUT_MS, see },
    async (polling) => {
      for (const name of ["etcd", "apiserver"]) await assertRuns(plane, name);
      return (await api.call({ path: "/readyz" }, polling)) === "ok" ? true : undefined;
    },
    signal,
  );
}

/** A client that tries again hides that a program ended at once, e.g. because its port is taken. */
async function assertRuns({ daemons }: Plane, name: string): Promise<void> {
  if ((await findDaemon(daemons.pidDir, name)) !== undefined) return;
  throw new ClusterError("COMMAND_FAILED", `Cannot run ${name}: it ended; see ${join(daemons.logDir, `${name}.log`)}`);
}

/** Garbage collection, Jobs, namespaces, service accounts, node life cycle: a lost node is NotReady after 16 s. */
export async function startControllerManager(plane: Plane): Promise<void> {
  const pki = pkiOf(plane);
  await start(plane, "controller-manager", "controller-manager", {
    kubeconfig: join(pki, "controller-manager.conf"),
    "root-ca-file": join(pki, "ca.crt"),
    "service-account-private-key-file": join(pki, "sa.key"),
    "use-service-account-credentials": "true",
    "leader-elect": "false",
    "allocate-node-cidrs": "false",
    "node-monitor-period": "2s",
    "node-monitor-grace-period": "16s",
    "secure-port": "0",
    // Autoscalers decide sooner, and take back after seconds: by default after five minutes.
    "horizontal-pod-autoscaler-sync-period": "5s",
    "horizontal-pod-autoscaler-downscale-stabilization": "10s",
    "horizontal-pod-autoscaler-cpu-initialization-period": "10s",
    "horizontal-pod-autoscaler-initial-readiness-delay": "5s",
    // It makes this folder, by default below /usr of the machine.
    "flex-volume-plugin-dir": join(plane.dir, "flexvolume"),
  });
}

export async function startScheduler(plane: Plane): Promise<void> {
  await start(plane, "scheduler", "scheduler", {
    kubeconfig: join(pkiOf(plane), "scheduler.conf"),
    "leader-elect": "false",
    "secure-port": "0",
  });
}

async function start(
  plane: Plane,
  name: string,
  program: string,
  flags: Readonly<Record<string, string>>,
): Promise<void> {
  const argv = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
  await startDaemon(name, [plane.kube, program, ...argv], plane.daemons);
}
