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
    untouched: false,
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
  "config /etc/containerd Directory",
  "store /opt/rcm DirectoryOrCreate",
  "cri /run/containerd Directory",
  "systemd /run/systemd/private Socket",
  "machine-id /etc/machine-id File",
].map((line) => {
  const [name, path, type] = line.split(" ");
  return { name, hostPath: { path, type } };
});
const SCRATCH = [
  { name: "artifact", emptyDir: { sizeLimit: "2Gi" } },
  { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
];

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

/** Everything of the pod that is not a container, a volume or a toleration. */
const POD = {
  restartPolicy: "Never",
  serviceAccountName: "node-installer",
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  hostNetwork: false,
  priorityClassName: "system-node-critical",
  terminationGracePeriodSeconds: 60,
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["node1"] }] }],
      },
    },
  },
  imagePullSecrets: [{ name: "pull" }],
  securityContext: { seccompProfile: { type: "RuntimeDefault" } },
};

function podOf(part: Partial<JobOrder> = {}, settings = SETTINGS): unknown {
  const { spec } = jobFor(order(part), settings) as { spec: { template?: { spec?: unknown } } };
  return spec.template?.spec;
}

describe("jobFor()", () => {
  it("gives an install's pod exactly these privileges, mounts and tolerations", () => {
    expect(podOf()).to.deep.equal({
      ...POD,
      tolerations: [...DAEMON, { key: "gpu", operator: "Exists" }],
      initContainers: [
        {
          ...container("preflight"),
          securityContext: ROOT,
          volumeMounts: [...hostMounts(false), { name: "artifact", mountPath: "/artifact" }],
        },
        {
          ...container("fetch"),
          envFrom: [{ configMapRef: { name: "proxy", optional: true } }],
          securityContext: NOBODY,
          volumeMounts: [
            { name: "artifact", mountPath: "/artifact" },
            { name: "tmp", mountPath: "/tmp" },
            { name: "ca", mountPath: "/etc/rcm/ca", readOnly: true },
          ],
        },
      ],
      containers: [
        {
          ...container("install"),
          securityContext: ROOT,
          volumeMounts: [...hostMounts(true), { name: "artifact", mountPath: "/artifact", readOnly: true }],
        },
      ],
      volumes: [...HOST_VOLUMES, ...SCRATCH, { name: "ca", configMap: { name: "ca" } }],
    });
  });

  it("gives a removal's pod exactly these, on a node with any taint", () => {
    const { artifact: _, ...rest } = REQUEST;
    const request = { ...rest, operation: "uninstall" };
    const settings = { ...SETTINGS, fetchConfigMap: undefined, caConfigMap: undefined };
    expect(podOf({ operation: "uninstall", artifact: undefined }, settings)).to.deep.equal({
      ...POD,
      tolerations: [{ operator: "Exists" }],
      initContainers: [],
      containers: [
        {
          ...container("uninstall", request),
          securityContext: ROOT,
          volumeMounts: [...hostMounts(true), { name: "artifact", mountPath: "/artifact", readOnly: true }],
        },
      ],
      volumes: [...HOST_VOLUMES, ...SCRATCH],
    });
  });

  it("has an end: one try, a deadline, a time to live", () => {
    const { spec } = jobFor(order(), SETTINGS);
    expect(spec).to.include({ backoffLimit: 0, activeDeadlineSeconds: 900, ttlSecondsAfterFinished: 3600 });
  });

  it("leaves out what is not set", () => {
    const settings = {
      ...SETTINGS,
      priorityClass: "",
      imagePullSecrets: [],
      fetchConfigMap: undefined,
      caConfigMap: undefined,
    };
    const pod = podOf({}, settings) as { initContainers: object[] };
    expect(pod).to.not.have.property("priorityClassName");
    expect(pod.initContainers[1]).to.not.have.property("envFrom");
    expect(pod).to.deep.include({ imagePullSecrets: [], volumes: [...HOST_VOLUMES, ...SCRATCH] });
  });

  it("is read back by jobView()", () => {
    const { metadata } = jobFor(order({ attempt: 3, retry: "now|" }), SETTINGS);
    expect(jobView({ metadata: { ...metadata, uid: "u", creationTimestamp: "t" } })).to.deep.equal({
      name: metadata.name,
      uid: "u",
      ownerUid: "shim-uid",
      shim: "spin-v2",
      nodeUid: "uid-node1",
      nodeName: "node1",
      operation: "install",
      hash: "hash-1",
      attempt: 3,
      retry: "now|",
      why: "NotInstalled",
      untouched: false,
      machineId: "machine-node1",
      bootId: "boot-node1",
      runtimeVersion: "containerd://1.7.24",
      createdAt: "t",
      phase: "active",
      endedAt: undefined,
      failure: undefined,
    });
  });

  it("notes that nothing of ours has run on the node, which jobView() reads back", () => {
    const read = [true, false].map((untouched) => jobView(jobFor(order({ untouched }), SETTINGS)).untouched);
    expect(read).to.deep.equal([true, false]);
  });
});

describe("jobName()", () => {
  const VALID = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

  it("says what it is for", () => {
    expect(jobName(order())).to.match(/^install-spin-v2-node1-[0-9a-f]{10}$/);
  });

  it("is a name of at most 63 characters, whatever the node is called", () => {
    const names = ["k8s-name!", "Ä", "a".repeat(253), `${"a".repeat(35)}.b`, "worker.a"].map((name) =>
      jobName(order({ node: exampleNode({ name }) })),
    );
    expect(names.filter((name) => !VALID.test(name))).to.deep.equal([]);
  });

  it("differs between any two tries", () => {
    const long = "n".repeat(200);
    const tries = [
      order(),
      order({ operation: "uninstall" }),
      order({ attempt: 2 }),
      order({ hash: "hash-2" }),
      order({ shim: exampleShim({}, { uid: "recreated" }) }),
      ...["worker.a", "worker-a", `${long}1`, `${long}2`].map((name) => order({ node: exampleNode({ name }) })),
      order({ node: exampleNode({ uid: "replaced" }) }),
    ];
    expect(new Set(tries.map((one) => jobName(one))).size).to.equal(tries.length);
  });

  it("is the same for the same try", () => {
    expect(jobName(order())).to.equal(jobName(order({ why: "Retry" })));
  });
});
