import { expect } from "chai";
import { describe, it } from "mocha";
import { exampleNode, exampleShim } from "./build-examples.ts";
import { jobView } from "./job-view.ts";
import { jobFor, jobName, type JobOrder, type JobSettings } from "./job.ts";

const SETTINGS: JobSettings = {
  namespace: "rcm",
  image: "example.org/installer:1",
  imagePullPolicy: "IfNotPresent",
  imagePullSecrets: ["pull"],
  serviceAccount: "node-installer",
  priorityClass: "system-node-critical",
  deadlineSeconds: 900,
  ttlSeconds: 3600,
  fetchConfigMap: "proxy",
  caConfigMap: "ca",
};

function order(part: Partial<JobOrder> = {}): JobOrder {
  return {
    shim: exampleShim({
      tolerations: [{ key: "gpu", operator: "Exists" }],
      containerdRuntimeOptions: { SystemdCgroup: "true" },
    }),
    node: exampleNode(),
    operation: "install",
    attempt: 1,
    hash: "hash-1",
    artifact: { location: "https://example.org/a.tar.gz", sha256: "a".repeat(64) },
    retry: "",
    why: "NotInstalled",
    ...part,
  };
}

const REQUEST = {
  operation: "install",
  shim: "spin-v2",
  shimUid: "shim-uid",
  handler: "spin",
  artifact: { location: "https://example.org/a.tar.gz", sha256: "a".repeat(64) },
  options: { SystemdCgroup: "true" },
  hash: "hash-1",
  node: { name: "node1", uid: "uid-node1", machineId: "machine-node1", architecture: "amd64" },
};

/** What all containers have in common. */
function container(name: string, request: object = REQUEST): object {
  return {
    name,
    image: "example.org/installer:1",
    imagePullPolicy: "IfNotPresent",
    args: ["job", name],
    env: [{ name: "RCM_REQUEST", value: JSON.stringify(request) }],
    resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "384Mi" } },
    terminationMessagePolicy: "File",
  };
}

const CONFINED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  privileged: false,
  capabilities: { drop: ["ALL"] },
};
const ROOT = { ...CONFINED, runAsNonRoot: false, runAsUser: 0, runAsGroup: 0 };
const NOBODY = { ...CONFINED, runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532 };

function hostMounts(writable: boolean): object[] {
  return [
    { name: "config", mountPath: "/etc/containerd", readOnly: !writable },
    { name: "store", mountPath: "/opt/rcm", readOnly: !writable },
    { name: "cri", mountPath: "/run/containerd", readOnly: true },
    { name: "systemd", mountPath: "/run/systemd/private", readOnly: true },
    { name: "machine-id", mountPath: "/etc/machine-id", readOnly: true },
  ];
}

const HOST_VOLUMES = [
  { name: "config", hostPath: { path: "/etc/containerd", type: "Directory" } },
  { name: "store", hostPath: { path: "/opt/rcm", type: "DirectoryOrCreate" } },
  { name: "cri", hostPath: { path: "/run/containerd", type: "Directory" } },
  { name: "systemd", hostPath: { path: "/run/systemd/private", type: "Socket" } },
  { name: "machine-id", hostPath: { path: "/etc/machine-id", type: "File" } },
];
const SCRATCH = [
  { name: "artifact", emptyDir: { sizeLimit: "2Gi" } },
  { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
];

/** Whatever holds every DaemonSet's pods, and no more. */
/** What a DaemonSet tolerates, as `key:effect`; all by `Exists`. */
const DAEMON = [
  "not-ready:NoExecute",
  "unreachable:NoExecute",
  "disk-pressure:NoSchedule",
  "memory-pressure:NoSchedule",
  "pid-pressure:NoSchedule",
  "unschedulable:NoSchedule",
].map((taint) => {
  const [key = "", effect] = taint.split(":");
  return { key: `node.kubernetes.io/${key}`, operator: "Exists", effect };
});
    expect(new Set(tries.map((one) => jobName(one))).size).to.equal(tries.length);
  });

  it("is the same for the same try", () => {
    expect(jobName(order())).to.equal(jobName(order({ why: "Retry" })));
  });
});
