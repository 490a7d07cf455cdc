import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import {
  isProvisioned,
  NAMESPACE,
  reasonOf,
  runPod,
  serveShim,
  shimManifest,
  shimOf,
  stateOf,
  waitForShim,
} from "../support/deployment.ts";
import type { Artifact, ShimJson, ShimOptions } from "../support/deployment.ts";
import { awaitNoShims, cleanUp, jobsOf, openStage, restartsReported, workTimes } from "../support/e2e.ts";
import type { Stage } from "../support/e2e.ts";
import { eventually } from "../support/kubectl.ts";
import { NODES, NodeHost, unpackBeside } from "../support/node-host.ts";

const SHIM = "demo-v1";
const LABEL = `shim.runtime.spinkube.dev/${SHIM}`;

describe("a Shim on a cluster", () => {
  let stage: Stage;
  let first: Artifact;
  let second: Artifact;
  let clean: readonly string[] = [];
  before(async () => {
    stage = await openStage();
    first = await serveShim(stage.server, SHIM, "first");
    second = await serveShim(stage.server, SHIM, "second");
    clean = await stage.listings();
  });
  after(async () => {
    await cleanUp(stage);
    await stage.close();
  });

  async function apply(options: Partial<ShimOptions> = {}): Promise<void> {
    const manifest = shimManifest({ name: SHIM, location: first.url, sha256: first.sha256, ...options });
    await stage.kubectl(["apply", "-f", "-"], JSON.stringify(manifest));
  }

  async function provisioned(name = SHIM): Promise<ShimJson> {
    return waitForShim(stage.kubectl, name, 120_000, isProvisioned);
  }

  async function label(node: string, key = LABEL): Promise<string> {
    return stage.kubectl([
      "get",
      "node",
      node,
      "-o",
      `jsonpath={.metadata.labels.${key.replaceAll(".", String.raw`\.`)}}`,
    ]);
  }

  async function podsNow(): Promise<string> {
    const fields = '{range .items[*]}{.metadata.uid} {.status.containerStatuses[*].restartCount}{"\\n"}{end}';
    return stage.kubectl(["get", "pods", "-l", "app=rcm-test", "-o", `jsonpath=${fields}`]);
  }

  async function deletePod(name: string): Promise<void> {
    await stage.kubectl(["delete", "pod", name, "--wait", "--grace-period=0", "--force"]);
  }

  it("provisions every node with one restart; pods from before go on, new ones run through the installed file", async () => {
    await Promise.all(NODES.map(async ({ name }) => runPod(stage.kubectl, `before-${name}`, name)));
    const pods = await podsNow();
    const starts = await stage.containerdStarts();
    await apply();
    const shim = await provisioned();
    expect(NODES.map(({ name }) => stateOf(shim, name)?.state)).to.deep.equal(NODES.map(() => "Proven"));
    expect(await podsNow()).to.equal(pods);
    const after1 = await stage.containerdStarts();
    for (const [at] of NODES.entries()) expect(after1[at]).not.to.equal(starts[at]);
    const restarts = await restartsReported(stage.kubectl, SHIM);
    expect(restarts).to.deep.equal(NODES.map(() => 1));
    for (const { name } of NODES) {
      expect(await label(name)).to.equal("provisioned");
      expect(await label(name, SHIM)).to.equal("provisioned"); // As upstream's.
      expect(await runPod(stage.kubectl, `through-${name}`, name, SHIM)).to.equal(`hello from through-${name}`);
      const executable = await shimOf(stage.cluster, name, `through-${name}`, stage.kubectl);
      expect(executable).to.equal(`/opt/rcm/store/${first.digest}/containerd-shim-${SHIM}`);
    }
    await unpackEverywhere(first); // From here on the shim's folder has more in it than its executable.
  });

  async function unpackEverywhere({ digest }: Artifact): Promise<void> {
    const script = unpackBeside(`/opt/rcm/store/${digest}/containerd-shim-${SHIM}`);
    await Promise.all(stage.hosts.map(async (host) => host.out(script)));
  }

  it("does nothing twice: applied again, manager restarted, manager killed", async () => {
    const starts = await stage.containerdStarts();
    const jobs = await jobsOf(stage.kubectl, SHIM);
    const hits = stage.server.hits(first.path);
    await apply();
    await stage.kubectl(["-n", NAMESPACE, "rollout", "restart", "deployment/manager"]);
    await stage.kubectl(["-n", NAMESPACE, "rollout", "status", "deployment/manager", "--timeout=55s"]);
    const selector = ["-l", "app.kubernetes.io/component=manager"];
    await stage.kubectl(["-n", NAMESPACE, "delete", "pods", ...selector, "--grace-period=0", "--force"]);
    await stage.kubectl(["-n", NAMESPACE, "rollout", "status", "deployment/manager", "--timeout=55s"]);
    await stage.kubectl(["annotate", "shim", SHIM, "test=1"]); // The new leader has to look at it.
    await leaderSeen();
    await provisioned();
    expect(await stage.containerdStarts()).to.deep.equal(starts);
    expect(await jobsOf(stage.kubectl, SHIM)).to.deep.equal(jobs);
    expect(stage.server.hits(first.path)).to.equal(hits);
  });

  /** Waits until one of the present manager's pods holds the lease. */
  async function leaderSeen(): Promise<void> {
    await eventually("a new leader", 60_000, async () => {
      const lease = await stage.kubectl([
        "-n",
        NAMESPACE,
        "get",
        "lease",
        "runtime-class-manager",
        "-o",
        "jsonpath={.spec.holderIdentity}",
      ]);
      const pods = await stage.kubectl(["-n", NAMESPACE, "get", "pods", "-o", "jsonpath={.items[*].metadata.name}"]);
      return pods.split(" ").some((pod) => pod !== "" && lease.startsWith(pod)) ? true : undefined;
    });
  }

  it("puts a label back that somebody took away", async () => {
    await stage.kubectl(["label", "node", "node1", `${LABEL}-`]);
    await eventually("the label", 20_000, async () => ((await label("node1")) === "provisioned" ? true : undefined));
  });

  it("brings a new executable in without a restart; running pods keep the old one, which goes when they end", async () => {
    const starts = await stage.containerdStarts();
    await apply({ location: second.url, sha256: second.sha256 });
    const shim = await waitForShim(stage.kubectl, SHIM, 90_000, (one) =>
      NODES.every(({ name }) => stateOf(one, name)?.digest === second.digest && isProvisioned(one)),
    );
    expect(NODES.map(({ name }) => stateOf(shim, name)?.state)).to.deep.equal(NODES.map(() => "Proven"));
    expect(await stage.containerdStarts()).to.deep.equal(starts);
    for (const [at, { name }] of NODES.entries()) {
      const old = await shimOf(stage.cluster, name, `through-${name}`, stage.kubectl);
      expect(old).to.equal(`/opt/rcm/store/${first.digest}/containerd-shim-${SHIM}`);
      await deletePod(`through-${name}`);
      await runPod(stage.kubectl, `second-${name}`, name, SHIM);
      const executable = await shimOf(stage.cluster, name, `second-${name}`, stage.kubectl);
      expect(executable).to.equal(`/opt/rcm/store/${second.digest}/containerd-shim-${SHIM}`);
      await eventually(`the end of the old version on ${name}`, 40_000, async () =>
        (await stage.hosts[at]?.out("ls /opt/rcm/store")) === second.digest ? true : undefined,
      );
    }
    await unpackEverywhere(second);
  });

  it("shares its nodes with another Shim, whose handler is called differently", async () => {
    const other = await serveShim(stage.server, "other-v1", "one");
    const manifest = shimManifest({
      name: "other-v1",
      handler: "something",
      runtimeClass: "other",
      location: other.url,
      sha256: other.sha256,
    });
    await stage.kubectl(["apply", "-f", "-"], JSON.stringify(manifest));
    await provisioned("other-v1");
    await provisioned();
    expect(await runPod(stage.kubectl, "through-other", "node1", "other")).to.equal("hello from through-other");
    expect(await shimOf(stage.cluster, "node1", "through-other", stage.kubectl)).to.include(other.digest);
    await deletePod("through-other");
    await stage.kubectl(["delete", "shim", "other-v1", "--wait", "--timeout=55s"]);
    expect(await runPod(stage.kubectl, "still-first", "node1", SHIM)).to.equal("hello from still-first");
    await deletePod("still-first");
  });

  it("removes itself from a node that the selector leaves out, and comes back", async () => {
    await Promise.all(NODES.map(async ({ name }) => stage.kubectl(["label", "node", name, "wasm=yes", "--overwrite"])));
    await deletePod("second-node3");
    const selector = { location: second.url, sha256: second.sha256, nodeSelector: { wasm: "yes" } };
    await apply(selector);
    await provisioned();
    await stage.kubectl(["label", "node", "node3", "wasm-"]);
    await eventually("a clean node3", 60_000, async () =>
      (await stage.hosts[2]?.listing()) === clean[2] ? true : undefined,
    );
    await eventually("no label", 20_000, async () => ((await label("node3")) === "" ? true : undefined));
    await stage.kubectl(["label", "node", "node3", "wasm=yes"]);
    await eventually("node3 again", 60_000, async () => ((await label("node3")) === "provisioned" ? true : undefined));
  });

  it("provisions a node that comes later, one that was rebooted, and another machine under an old name", async () => {
    const added = await stage.cluster.addNode("1.7", AbortSignal.timeout(120_000));
    await stage.kubectl(["label", "node", added, "wasm=yes"]);
    await eventually(`${added} provisioned`, 60_000, async () =>
      (await label(added)) === "provisioned" ? true : undefined,
    );
    await stage.cluster.powerOff(added, AbortSignal.timeout(120_000));
    await stage.cluster.powerOn(added, AbortSignal.timeout(120_000));
    await eventually("a visit after the reboot", 60_000, async () => {
      const jobs = (await jobsOf(stage.kubectl, SHIM)).filter((name) => name.includes(added));
      return jobs.length >= 2 && (await label(added)) === "provisioned" ? true : undefined;
    });
    await stage.cluster.replaceNode(added, "2.1", AbortSignal.timeout(120_000));
    await stage.kubectl(["label", "node", added, "wasm=yes", "--overwrite"]);
    const host = new NodeHost(added, stage.cluster);
    await eventually("the new machine provisioned", 90_000, async () => {
      const isThere = (await host.sh("ls /opt/rcm/record.json")).code === 0;
      return isThere && (await label(added)) === "provisioned" ? true : undefined;
    });
    await stage.cluster.removeNode(added, "delete", AbortSignal.timeout(120_000));
    const shim = await waitForShim(stage.kubectl, SHIM, 30_000, (one) => stateOf(one, added) === undefined);
    expect(isProvisioned(shim)).to.equal(true);
  });

  it("waits with its removal for pods, names them, and then leaves every host as it was", async () => {
    await stage.kubectl(["delete", "shim", SHIM, "--wait=false"]);
    const waiting = await waitForShim(stage.kubectl, SHIM, 60_000, (one) => stateOf(one, "node1")?.reason === "InUse");
    expect(stateOf(waiting, "node1")?.message).to.include("default/second-node1");
    await Promise.all(["second-node1", "second-node2"].map(deletePod));
    await awaitNoShims(stage.kubectl);
    expect(await stage.listings()).to.deep.equal(clean);
    expect(await stage.kubectl(["get", "runtimeclass", SHIM, "--ignore-not-found"])).to.equal("");
    for (const { name } of NODES) expect(await label(name)).to.equal("");
    expect(await stage.kubectl(["get", "nodes", "-o", "jsonpath={.items[*].metadata.annotations}"])).not.to.include(
      "spinkube",
    );
  });

  it("rolls out one node after another, and stops when one fails", async () => {
    const [, host] = stage.hosts;
    if (host === undefined) throw new Error("There is no second node");
    await host.out(
      "cp -p /etc/containerd/config.toml /srv/config.toml; echo '[plugins.\"x' >> /etc/containerd/config.toml",
    );
    try {
      await apply({ rollout: { type: "rolling", rolling: { maxUpdate: 1 } } });
      const shim = await waitForShim(stage.kubectl, SHIM, 120_000, (one) => reasonOf(one) === "TooManyFailures");
      expect(NODES.map(({ name }) => stateOf(shim, name)?.state)).to.deep.equal(["Proven", "Failed", "Pending"]);
      expect(stateOf(shim, "node2")?.reason).to.equal("ConfigInvalid");
      expect((await jobsOf(stage.kubectl, SHIM)).filter((name) => name.includes("node3"))).to.deep.equal([]);
      expect(await stage.hosts[2]?.listing()).to.equal(clean[2]);
    } finally {
      await host.out("cp -p /srv/config.toml /etc/containerd/config.toml; rm /srv/config.toml");
    }
    await stage.kubectl(["annotate", "shim", SHIM, "runtime.spinkube.dev/retry=now"]);
    await provisioned();
    const times = await workTimes(stage.kubectl, SHIM);
    expect(times).to.have.length(4);
    for (const [at, { start }] of times.entries()) expect(start >= (times[at - 1]?.end ?? "")).to.equal(true);
  });
});
