import { execFileSync } from "node:child_process";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import {
  isProvisioned,
  NAMESPACE,
  runPod,
  serveShim,
  shimManifest,
  stateOf,
  waitForShim,
} from "../support/deployment.ts";
import type { Artifact } from "../support/deployment.ts";
import { cleanUp, openStage } from "../support/e2e.ts";
import type { Stage } from "../support/e2e.ts";
import { eventually } from "../support/kubectl.ts";
import { NODES } from "../support/node-host.ts";

const SHIM = "demo-v1";

interface PodJson {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly initContainers?: readonly ContainerJson[];
    readonly containers: readonly ContainerJson[];
    readonly volumes?: readonly object[];
  };
}

interface ContainerJson {
  readonly name: string;
  readonly args: readonly string[];
  readonly securityContext: object;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
}

describe("a rollout that is disturbed", () => {
  let stage: Stage;
  let artifact: Artifact;
  let clean: readonly string[] = [];
  before(async () => {
    stage = await openStage();
    artifact = await serveShim(stage.server, SHIM, "outage");
    clean = await stage.listings();
  });
  after(async () => {
    await stage.close();
  });
  afterEach(async () => {
    await cleanUp(stage);
    expect(await stage.listings()).to.deep.equal(clean);
  });

  async function begin(): Promise<void> {
    const manifest = shimManifest({ name: SHIM, location: artifact.url, sha256: artifact.sha256 });
    await stage.kubectl(["apply", "-f", "-"], JSON.stringify(manifest));
    await waitForShim(stage.kubectl, SHIM, 30_000, (shim) =>
      NODES.every(({ name }) => stateOf(shim, name)?.state === "Installing"),
    );
  }

  async function provisioned(): Promise<void> {
    await waitForShim(stage.kubectl, SHIM, 150_000, isProvisioned);
    for (const { name } of NODES) {
      expect(await runPod(stage.kubectl, `after-${name}`, name, SHIM)).to.equal(`hello from after-${name}`);
      expect(await runPod(stage.kubectl, `plain-${name}`, name)).to.equal(`hello from plain-${name}`);
    }
  }

  async function installerPods(): Promise<readonly PodJson[]> {
    const selector = "app.kubernetes.io/component=node-installer";
    const text = await stage.kubectl(["-n", NAMESPACE, "get", "pods", "-l", selector, "-o", "json"]);
    return (JSON.parse(text) as { readonly items: readonly PodJson[] }).items;
  }

  it("gives its pods just the rights that they need", async () => {
    await begin();
    const pods = await eventually("the pods of all nodes", 20_000, async () => {
      const all = await installerPods();
      return all.length >= NODES.length ? all : undefined;
    });
    for (const { spec } of pods) {
      expect(spec).to.include({ serviceAccountName: "node-installer", automountServiceAccountToken: false });
      expect(spec).not.to.have.any.keys("hostNetwork", "hostPID", "hostIPC");
      expect(spec["securityContext"]).to.deep.equal({ seccompProfile: { type: "RuntimeDefault" } });
      const [preflight, fetch, install, ...more] = [...(spec.initContainers ?? []), ...spec.containers];
      expect(more).to.deep.equal([]);
      expect(rightsOf(preflight)).to.deep.equal({ ...ROOT, mounts: [...hostMounts("ro"), "artifact /artifact rw"] });
      expect(rightsOf(fetch)).to.deep.equal({ ...NOBODY, mounts: ["artifact /artifact rw", "tmp /tmp rw"] });
      expect(rightsOf(install)).to.deep.equal({ ...ROOT, mounts: [...hostMounts("rw"), "artifact /artifact ro"] });
      const paths = (spec.volumes ?? []).flatMap((volume) => ("hostPath" in volume ? [volume.hostPath] : []));
      expect(paths).to.deep.equal([
        { path: "/etc/containerd", type: "Directory" },
        { path: "/opt/rcm", type: "DirectoryOrCreate" },
        { path: "/run/containerd", type: "Directory" },
        { path: "/run/systemd/private", type: "Socket" },
        { path: "/etc/machine-id", type: "File" },
      ]);
    }
    await provisioned();
  });

  it("goes on where it was when the manager is killed in the middle", async () => {
    await begin();
    const selector = ["-l", "app.kubernetes.io/component=manager"];
    await stage.kubectl(["-n", NAMESPACE, "delete", "pods", ...selector, "--grace-period=0", "--force"]);
    await provisioned();
    expect(await installerPods()).to.have.length(NODES.length);
    expect(stage.server.hits(artifact.path)).to.equal(2 * NODES.length); // This test's and the one before.
  });

  it("outlives an API server that is away for half a minute", async () => {
    await begin();
    const apiServer = ["-f", "kube apiserver .*--secure-port=6443"];
    execFileSync("pkill", ["-STOP", ...apiServer]);
    try {
      await eventually("an API server that does not answer", 60_000, async () => {
        const failed = await stage.kubectl(["get", "--raw", "/readyz", "--request-timeout=30s"]).then(
          () => false,
          () => true,
        );
        return failed ? true : undefined;
      });
    } finally {
      execFileSync("pkill", ["-CONT", ...apiServer]);
    }
    await eventually("the API server", 60_000, async () => stage.kubectl(["get", "--raw", "/readyz"]));
    await provisioned();
  });

  it("ends well on a node that loses its power meanwhile", async () => {
    await begin();
    await stage.cluster.powerOff("node3", AbortSignal.timeout(60_000));
    await stage.cluster.powerOn("node3", AbortSignal.timeout(60_000));
    await provisioned();
  });
});

const CONFINED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  privileged: false,
  capabilities: { drop: ["ALL"] },
} as const;
const ROOT = { security: { ...CONFINED, runAsNonRoot: false, runAsUser: 0, runAsGroup: 0 } } as const;
const NOBODY = { security: { ...CONFINED, runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532 } } as const;

function hostMounts(access: "ro" | "rw"): readonly string[] {
  return [
    `config /etc/containerd ${access}`,
    `store /opt/rcm ${access}`,
    "cri /run/containerd ro",
    "systemd /run/systemd/private ro",
    "machine-id /etc/machine-id ro",
  ];
}

function rightsOf(container: ContainerJson | undefined): object {
  const mounts = container?.volumeMounts.map(
    ({ name, mountPath, readOnly }) => `${name} ${mountPath} ${readOnly === true ? "ro" : "rw"}`,
  );
  return { security: container?.securityContext, mounts };
}
