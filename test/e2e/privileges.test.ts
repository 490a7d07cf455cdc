import type { ServerResponse } from "node:http";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { isProvisioned, NAMESPACE, serveShim, shimManifest, waitForShim } from "../support/deployment.ts";
import { cleanUp, openStage } from "../support/e2e.ts";
import type { Stage } from "../support/e2e.ts";
import { eventually } from "../support/kubectl.ts";
import type { NodeHost } from "../support/node-host.ts";
import { isRunning, podsOf, processesOf, rightsOf } from "../support/pod-rights.ts";
import type { Pod, ProcessRights } from "../support/pod-rights.ts";

const SHIM = "demo-v1";

/** A container of each node's Job, caught at work. */
interface Caught {
  readonly pod: Pod;
  readonly processes: readonly ProcessRights[];
}

describe("the rights of what we run", () => {
  let stage: Stage;
  let fetches: readonly Caught[] = [];
  let installs: readonly Caught[] = [];
  let uninstalls: readonly Caught[] = [];
  before(async () => {
    stage = await openStage();
    const { path, url, sha256 } = await serveShim(stage.server, SHIM, "rights");
    const archive = stage.server.bytes(path) ?? expect.fail("no artifact");
    const waiting: ServerResponse[] = [];
    stage.server.handle(path, (_request, response) => waiting.push(response));
    await stage.kubectl(["apply", "-f", "-"], JSON.stringify(shimManifest({ name: SHIM, location: url, sha256 })));
    fetches = await caught("fetch");
    installs = await withHostsLocked(async () => {
      for (const response of waiting.splice(0)) response.end(archive);
      return caught("install");
    });
    await waitForShim(stage.kubectl, SHIM, 90_000, isProvisioned);
    uninstalls = await withHostsLocked(async () => {
      await stage.kubectl(["delete", "shim", SHIM, "--wait=false"]);
      return caught("uninstall");
    });
  });
  after(async () => {
    await cleanUp(stage);
    await stage.close();
  });

  async function caught(container: string): Promise<readonly Caught[]> {
    return Promise.all(stage.hosts.map(async (host) => caughtOn(host, container)));
  }

  async function caughtOn(host: NodeHost, container: string): Promise<Caught> {
    return eventually(`a process of ${container} on ${host.name}`, 45_000, async () => {
      const pods = await podsOf(stage.kubectl, "node-installer");
      const pod = pods.find((one) => one.spec.nodeName === host.name && isRunning(one, container));
      if (pod === undefined) return undefined;
      const processes = await processesOf(host, pod);
      return processes.length === 0 ? undefined : { pod, processes };
    });
  }

  /** Installers wait for the lock of their host, so what they may do can be looked at. */
  async function withHostsLocked<T>(run: () => Promise<T>): Promise<T> {
    const unit = "rcm-test-lock";
    const lock = `systemd-run --quiet --collect --unit ${unit} flock /etc/machine-id sleep infinity`;
    try {
      await Promise.all(
        stage.hosts.map(async (host) => host.out(`${lock} && while flock -n /etc/machine-id true; do :; done`)),
      );
      return await run();
    } finally {
      await Promise.all(stage.hosts.map(async (host) => host.out(`systemctl stop ${unit}`)));
    }
  }

  it("give the pods that install five paths of the host, and neither a capability nor a token", () => {
    for (const { pod } of [...fetches, ...installs]) {
      expect(rightsOf(pod)).to.deep.equal({
        ...POD,
        initContainers: [
          { ...containerOf("preflight", ROOT), mounts: [...hostMounts("ro"), "artifact /artifact rw"] },
          { ...containerOf("fetch", NOBODY), mounts: ["artifact /artifact rw", "tmp /tmp rw"] },
        ],
        containers: [{ ...containerOf("install", ROOT), mounts: [...hostMounts("rw"), "artifact /artifact ro"] }],
      });
    }
  });

  it("give the pods that uninstall no more, and no download", () => {
    for (const { pod } of uninstalls) {
      expect(rightsOf(pod)).to.deep.equal({
        ...POD,
        initContainers: [],
        containers: [{ ...containerOf("uninstall", ROOT), mounts: [...hostMounts("rw"), "artifact /artifact ro"] }],
      });
    }
  });

  it("leave a download nothing of the host, by the kernel's own word", () => {
    for (const { processes } of fetches) {
      for (const process of processes) {
        expect(process).to.deep.include({
          ...POWERLESS,
          seccompFilters: 1,
          uids: "65532 65532 65532 65532",
          gids: "65532 65532 65532 65532",
        });
        expect(process.mounts).to.have.members([...EVERYWHERE, "/artifact rw", "/tmp rw"]);
      }
    }
  });

  it("leave an installer its five paths and no network, by the kernel's own word", () => {
    for (const { processes } of [...installs, ...uninstalls]) {
      for (const process of processes) {
        expect(process).to.deep.include({ ...POWERLESS, uids: "0 0 0 0", gids: "0 0 0 0" });
        expect(process.seccompFilters).to.equal(2); // The runtime's, and what `closeNetwork` has put over it.
        // What containerd has mounted below its folder comes along: Kubernetes mounts hostPath recursively.
        const mounts = process.mounts.filter((mount) => !mount.startsWith("/run/containerd/"));
        expect(mounts).to.have.members([
          ...EVERYWHERE,
          "/artifact ro",
          "/etc/containerd rw",
          "/opt/rcm rw",
          "/run/containerd ro",
          "/run/systemd/private ro",
          "/etc/machine-id ro",
        ]);
      }
    }
  });

  it("give the manager its token and nothing of any host", async () => {
    const pods = await podsOf(stage.kubectl, "manager");
    expect(pods).to.have.length(2);
    for (const pod of pods) {
      expect(rightsOf(pod)).to.deep.equal({
        serviceAccountName: "manager",
        automountServiceAccountToken: true,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65532,
          runAsGroup: 65532,
          seccompProfile: { type: "RuntimeDefault" },
        },
        shared: [],
        volumes: [{ name: "token" }],
        initContainers: [],
        containers: [
          {
            name: "manager",
            args: [
              "--namespace=$(NAMESPACE)",
              "--installer-image=localhost/rcm/node-installer:0.1.0",
              "--installer-service-account=node-installer",
            ],
            env: ["NAMESPACE"],
            envFrom: [],
            hostPorts: [],
            volumeDevices: [],
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ["ALL"] },
            },
            mounts: ["token /var/run/secrets/kubernetes.io/serviceaccount ro"],
          },
        ],
      });
      const host = stage.hosts.find(({ name }) => name === pod.spec.nodeName) ?? expect.fail("no such node");
      const [process, ...more] = await processesOf(host, pod);
      expect(more).to.deep.equal([]);
      expect(process).to.deep.include({ ...POWERLESS, seccompFilters: 1, uids: "65532 65532 65532 65532" });
      expect(process?.mounts).to.have.members([...EVERYWHERE, "/var/run/secrets/kubernetes.io/serviceaccount ro"]);
    }
  });

  it("let the installer's account do nothing at the API server", async () => {
    const text = await stage.kubectl(["get", "rolebindings,clusterrolebindings", "-A", "-o", "json"]);
    const { items } = JSON.parse(text) as { readonly items: readonly Binding[] };
    const bound = items.filter(({ subjects = [] }) => subjects.some(isInstaller));
    expect(bound.map(({ metadata }) => metadata.name)).to.deep.equal([]);
    const account = `--as=system:serviceaccount:${NAMESPACE}:node-installer`;
    for (const [verb, what] of [
      ["get", "secrets"],
      ["list", "pods"],
      ["patch", "nodes"],
    ] as const) {
      const answer = await stage.kubectl(["auth", "can-i", verb, what, account, "--all-namespaces"]).catch(String);
      expect(answer).to.match(/\bno\b|ended with 1/);
    }
  });
});

interface Binding {
  readonly metadata: { readonly name: string };
  readonly subjects?: readonly Subject[];
}

interface Subject {
  readonly kind: string;
  readonly name: string;
}

function isInstaller({ kind, name }: Subject): boolean {
  return kind === "ServiceAccount" && name === "node-installer";
}

const CONFINED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  privileged: false,
  capabilities: { drop: ["ALL"] },
} as const;
const ROOT = { ...CONFINED, runAsNonRoot: false, runAsUser: 0, runAsGroup: 0 } as const;
const NOBODY = { ...CONFINED, runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532 } as const;

const POD = {
  serviceAccountName: "node-installer",
  automountServiceAccountToken: false,
  securityContext: { seccompProfile: { type: "RuntimeDefault" } },
  shared: [],
  volumes: [
    { name: "config", hostPath: { path: "/etc/containerd", type: "Directory" } },
    { name: "store", hostPath: { path: "/opt/rcm", type: "DirectoryOrCreate" } },
    { name: "cri", hostPath: { path: "/run/containerd", type: "Directory" } },
    { name: "systemd", hostPath: { path: "/run/systemd/private", type: "Socket" } },
    { name: "machine-id", hostPath: { path: "/etc/machine-id", type: "File" } },
    { name: "artifact", emptyDir: { sizeLimit: "2Gi" } },
    { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
  ],
} as const;

function containerOf(name: string, securityContext: object): object {
  return {
    name,
    args: ["job", name],
    env: ["RCM_REQUEST"],
    envFrom: [],
    hostPorts: [],
    volumeDevices: [],
    securityContext,
  };
}

function hostMounts(access: "ro" | "rw"): readonly string[] {
  return [
    `config /etc/containerd ${access}`,
    `store /opt/rcm ${access}`,
    "cri /run/containerd ro",
    "systemd /run/systemd/private ro",
    "machine-id /etc/machine-id ro",
  ];
}

const NONE = "0000000000000000";

/** No capability, not even to be gained; no new rights by any program; a seccomp filter; no namespace of the host. */
const POWERLESS = {
  capabilities: [NONE, NONE, NONE, NONE, NONE],
  noNewPrivileges: true,
  seccomp: 2,
  hostNamespaces: [],
} as const;

/** What the kubelet mounts into every container. */
const EVERYWHERE = ["/etc/hosts rw", "/etc/hostname ro", "/etc/resolv.conf ro"] as const;
