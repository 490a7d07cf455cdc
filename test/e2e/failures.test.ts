import { readFileSync } from "node:fs";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { sha256 } from "../support/artifact-server.ts";
import { isProvisioned, serveShim, shimManifest, stateOf, waitForShim } from "../support/deployment.ts";
import type { Artifact, NodeState, ShimJson, ShimOptions } from "../support/deployment.ts";
import { cleanUp, expectOrdinaryPods, jobsOf, openStage } from "../support/e2e.ts";
import type { Stage } from "../support/e2e.ts";
import { NODES } from "../support/node-host.ts";

const SHIM = "demo-v1";

describe("a Shim that a node cannot take", () => {
  let stage: Stage;
  let good: Artifact;
  let clean: readonly string[] = [];
  before(async () => {
    stage = await openStage();
    good = await serveShim(stage.server, SHIM, "good");
    clean = await stage.listings();
  });
  after(async () => {
    await cleanUp(stage);
    await stage.close();
  });
  afterEach(async () => {
    await cleanUp(stage);
    expect(await stage.listings()).to.deep.equal(clean);
  });

  async function apply(options: Partial<ShimOptions>): Promise<void> {
    const manifest = shimManifest({ name: SHIM, location: good.url, sha256: good.sha256, ...options });
    await stage.kubectl(["apply", "-f", "-"], JSON.stringify(manifest));
  }

  async function waitFor(done: (state: NodeState | undefined, shim: ShimJson) => boolean): Promise<ShimJson> {
    return waitForShim(stage.kubectl, SHIM, 90_000, (shim) =>
      NODES.every(({ name }) => done(stateOf(shim, name), shim)),
    );
  }

  async function label(node: string): Promise<string> {
    const key = `shim\\.runtime\\.spinkube\\.dev/${SHIM}`;
    return stage.kubectl(["get", "node", node, "-o", `jsonpath={.metadata.labels.${key}}`]);
  }

  it("because its program cannot start pods is taken back on every node, and heals", async () => {
    const bytes = readFileSync("/bin/busybox");
    stage.server.serve("/busybox", bytes);
    await apply({ location: stage.server.url("/busybox"), sha256: sha256(bytes) });
    const failed = await waitFor((state) => state?.state === "RolledBack");
    for (const { name } of NODES) expect(stateOf(failed, name)?.reason).to.equal("ShimBroken");
    await expectOrdinaryPods(stage.kubectl);
    expect(await jobsOf(stage.kubectl, SHIM)).to.have.length(NODES.length);
    await apply({});
    await waitFor((_state, shim) => isProvisioned(shim));
    await expectOrdinaryPods(stage.kubectl);
  });

  it("because somebody else has the handler leaves that node as it is, and installs the others", async () => {
    const [host] = stage.hosts;
    if (host === undefined) throw new Error("There is no node");
    await host.out("cp -p /etc/containerd/config.toml /srv/config.toml");
    const foreign = `[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.${SHIM}]\\nruntime_type = "io.containerd.runc.v2"\\n`;
    await host.out(`printf '${foreign}' >> /etc/containerd/config.toml`);
    await apply({});
    const shim = await waitForShim(stage.kubectl, SHIM, 90_000, (one) => {
      const [first, ...others] = NODES.map(({ name }) => stateOf(one, name)?.state);
      return first === "Failed" && others.every((state) => state === "Proven");
    });
    const state = stateOf(shim, host.name);
    expect(state?.reason, state?.message).to.equal("HandlerConflict");
    expect(state?.message).to.include("/etc/containerd/config.toml");
    await expectOrdinaryPods(stage.kubectl);
    await host.out("cp -p /srv/config.toml /etc/containerd/config.toml; rm /srv/config.toml");
    await stage.kubectl(["annotate", "shim", SHIM, "runtime.spinkube.dev/retry=1"]);
    await waitFor((_state, one) => isProvisioned(one));
  });

  it("because /opt cannot be written says so", async () => {
    const [host] = stage.hosts;
    if (host === undefined) throw new Error("There is no node");
    await host.out("mount --bind /opt /opt && mount -o remount,bind,ro /opt");
    try {
      await apply({});
      const shim = await waitForShim(
        stage.kubectl,
        SHIM,
        150_000,
        (one) => stateOf(one, host.name)?.state === "Failed",
      );
      expect(stateOf(shim, host.name)?.reason).to.equal("ReadOnlyFileSystem");
    } finally {
      await host.out("umount /opt");
    }
    await stage.kubectl(["annotate", "shim", SHIM, "runtime.spinkube.dev/retry=1"]);
    await waitFor((_state, one) => isProvisioned(one));
  });

  it("after a reboot any more gets no pods of it until it works again, which is looked at by itself", async () => {
    const [host] = stage.hosts;
    if (host === undefined) throw new Error("There is no node");
    await apply({});
    await waitFor((_state, shim) => isProvisioned(shim));
    const program = `"$(readlink /opt/rcm/bin/containerd-shim-${SHIM})"`;
    await host.out(`chmod 600 ${program}`);
    await stage.cluster.powerOff(host.name, AbortSignal.timeout(120_000));
    await stage.cluster.powerOn(host.name, AbortSignal.timeout(120_000));
    const broken = await waitForShim(stage.kubectl, SHIM, 120_000, (shim) => {
      const { state, reason } = stateOf(shim, host.name) ?? {};
      return state === "Failed" && reason === "ShimBroken";
    });
    expect(stateOf(broken, host.name)?.message).not.to.include("not tried again");
    expect(await label(host.name)).to.equal("failed");
    await host.out(`chmod 755 ${program}`);
    await waitFor((_state, shim) => isProvisioned(shim));
    expect(await label(host.name)).to.equal("provisioned");
  });

  it("because it has nothing for the platform says so, and makes no Job", async () => {
    const manifest = shimManifest({ name: SHIM, location: good.url, sha256: good.sha256 });
    const text = JSON.stringify(manifest).replace(/"arch":"\w+"/, '"arch":"s390x"');
    await stage.kubectl(["apply", "-f", "-"], text);
    const shim = await waitFor((state) => state?.state === "Unsupported");
    for (const { name } of NODES) expect(stateOf(shim, name)?.reason).to.equal("NoArtifactForPlatform");
    expect(await jobsOf(stage.kubectl, SHIM)).to.deep.equal([]);
  });
});
