/** Pods that make a runtime show all that kubelet asks of it. Each one's name ends with its node's. */
import { BUSYBOX_IMAGE } from "../cluster/index.ts";

export const RUNTIME_CLASS = "spin-e2e";
/** On each node: what pods write into it is seen from the host. */
export const HOST_FOLDER = "/srv/rcm-shim-e2e";
/** Name of the ConfigMap and of the Secret. */
const SETTINGS = "rcm-shim-e2e";
export const NOBODY = 65_534;
export const LINES = 10_000;

const MEBIBYTE = 1024 * 1024;
export const MEMORY_LIMIT = 96 * MEBIBYTE;

/** Goes until it is killed, and tells how long it has lived. */
const TICKS = "n=0; while :; do n=$((n+1)); echo tick $n; sleep 0.2; done";
const SLEEP = "exec sleep 100000";

interface PodOptions {
  readonly node: string;
  readonly containers: readonly object[];
  readonly spec?: object;
}

export function settings(): readonly object[] {
  const metadata = { name: SETTINGS, labels: { app: "rcm-test" } };
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { greeting: "from the config", other: "no" } },
    { apiVersion: "v1", kind: "Secret", metadata, stringData: { word: "sesame" } },
  ];
}

/** All of them, for one node. */
export function podsFor(node: string): readonly object[] {
  return [worker(node), shared(node), ended(node), retried(node), sick(node), leaver(node)];
}

/** Init containers, a sidecar and two containers, with volumes of all kinds, confined as well as can be. */
function worker(node: string): object {
  const data = { name: "data", mountPath: "/data" };
  const first = container("first", "mkdir /data/www; echo first >> /data/order", { volumeMounts: [data] });
  const side = {
    ...container("side", `echo side >> /data/order; ${SLEEP}`, { volumeMounts: [data] }),
    restartPolicy: "Always",
    startupProbe: { exec: { command: ["grep", "side", "/data/order"] }, periodSeconds: 1, timeoutSeconds: 10 },
  };
  const second = container("second", "echo second >> /data/order", { volumeMounts: [data] });
  const lines = `seq ${LINES} | sed 's/^/line /'; ${TICKS}`;
  const ear = { ...container("ear", 'while read -r line; do echo "heard $line"; done; sleep 1'), stdin: true };
  return pod("worker", {
    node,
    containers: [server(), container("lines", lines), ear],
    spec: {
      initContainers: [first, side, second],
      securityContext: { runAsUser: NOBODY, runAsGroup: NOBODY, runAsNonRoot: true, fsGroup: 2000 },
      volumes: [
        { name: "data", emptyDir: {} },
        { name: "memory", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
        { name: "host", hostPath: { path: HOST_FOLDER, type: "Directory" } },
        { name: "config", configMap: { name: SETTINGS } },
        { name: "secret", secret: { secretName: SETTINGS, defaultMode: 0o440 } },
      ],
    },
  });
}

function server(): object {
  return {
    ...container("server", "cp /data/order /data/www/index.html; exec httpd -f -p 8080 -h /www", {
      volumeMounts: [
        { name: "data", mountPath: "/data" },
        { name: "data", mountPath: "/www", subPath: "www" },
        { name: "memory", mountPath: "/memory" },
        { name: "host", mountPath: "/host" },
        { name: "config", mountPath: "/config", readOnly: true },
        { name: "config", mountPath: "/one/greeting", subPath: "greeting" },
        { name: "secret", mountPath: "/secret", readOnly: true },
      ],
    }),
    readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 2, timeoutSeconds: 10 },
    livenessProbe: { exec: { command: ["test", "-s", "/www/index.html"] }, periodSeconds: 2, timeoutSeconds: 10 },
    resources: { limits: { memory: String(MEMORY_LIMIT), cpu: "500m" }, requests: { memory: "16Mi", cpu: "20m" } },
    securityContext: {
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
  };
}

/** In the node's network; its containers see each other's processes. */
function shared(node: string): object {
  const containers = [container("one", SLEEP), container("two", "exec sleep 200000")];
  return pod("shared", { node, containers, spec: { hostNetwork: true, shareProcessNamespace: true } });
}

/** What it does is over, in many ways; `late` ends when the host says so. */
function ended(node: string): object {
  const host = { volumeMounts: [{ name: "host", mountPath: "/host" }] };
  const containers = [
    container("good", "echo bye > /dev/termination-log; exit 0"),
    container("bad", "exit 255"),
    container("killed", "kill -9 $$$$"), // Kubernetes makes two of four.
    container("greedy", "exec tail /dev/zero", { resources: { limits: { memory: "24Mi" } } }),
    container("late", "while ! [ -e /host/go ]; do sleep 0.2; done; exit 7", host),
  ];
  const volumes = [{ name: "host", hostPath: { path: HOST_FOLDER, type: "Directory" } }];
  return pod("ended", { node, containers, spec: { restartPolicy: "Never", shareProcessNamespace: true, volumes } });
}

/** Fails once. */
function retried(node: string): object {
  const script = "[ -e /data/again ] && exit 0; touch /data/again; exit 3";
  const containers = [container("main", script, { volumeMounts: [{ name: "data", mountPath: "/data" }] })];
  return pod("retried", {
    node,
    containers,
    spec: { restartPolicy: "OnFailure", volumes: [{ name: "data", emptyDir: {} }] },
  });
}

/** Two whose liveness probes fail, and one that is never ready. */
function sick(node: string): object {
  const often = { periodSeconds: 2, failureThreshold: 1, timeoutSeconds: 10 };
  const containers = [
    { ...container("exec", SLEEP), livenessProbe: { exec: { command: ["false"] }, ...often } },
    { ...container("http", SLEEP), livenessProbe: { httpGet: { path: "/", port: 81 }, ...often } },
    { ...container("unready", SLEEP), readinessProbe: { exec: { command: ["false"] }, ...often } },
  ];
  return pod("sick", { node, containers, spec: { terminationGracePeriodSeconds: 1 } });
}

/** One container says good-bye when told to go, the other does not listen. */
function leaver(node: string): object {
  const host = { volumeMounts: [{ name: "host", mountPath: "/host" }] };
  const polite = "trap 'echo polite > /host/gone; exit 0' TERM; while :; do sleep 0.2; done";
  const deaf = "trap '' TERM; while :; do sleep 0.2; done";
  const volumes = [{ name: "host", hostPath: { path: HOST_FOLDER, type: "Directory" } }];
  return pod("leaver", {
    node,
    containers: [container("polite", polite, host), container("deaf", deaf)],
    spec: { volumes },
  });
}

function container(name: string, script: string, more: object = {}): object {
  return { name, image: BUSYBOX_IMAGE, imagePullPolicy: "IfNotPresent", command: ["sh", "-c", script], ...more };
}

function pod(kind: string, { node, containers, spec = {} }: PodOptions): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `${kind}-${node}`, labels: { app: "rcm-test" } },
    spec: {
      nodeSelector: { "kubernetes.io/hostname": node },
      runtimeClassName: RUNTIME_CLASS,
      terminationGracePeriodSeconds: 5,
      automountServiceAccountToken: false,
      containers,
      ...spec,
    },
  };
}
