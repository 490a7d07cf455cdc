import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { serveShim, shimManifest, waitForShim } from "../support/deployment.ts";
import type { Artifact } from "../support/deployment.ts";
import { cleanUp, jobsOf, openStage } from "../support/e2e.ts";
import type { Stage } from "../support/e2e.ts";
import { runKubectlShim, type KubeRun } from "../support/kube-program.ts";
import { eventually } from "../support/kubectl.ts";
import { NODES } from "../support/node-host.ts";

const SHIM = "demo-v1";
const WAIT = ["wait", SHIM, "--timeout", "100s"];

describe("kubectl shim on a cluster", () => {
  let stage: Stage;
  let kubeconfig = "";
  let good: Artifact;
  before(async () => {
    stage = await openStage();
    kubeconfig = await stage.cluster.kubeconfigPath();
    good = await serveShim(stage.server, SHIM, "good");
  });
  after(async () => {
    await stage.close();
  });
  afterEach(async () => {
    await cleanUp(stage);
    await stage.kubectl(["annotate", "nodes", "--all", "runtime.spinkube.dev/retry-"]);
  });

  async function shim(...args: readonly string[]): Promise<KubeRun> {
    return runKubectlShim(kubeconfig, args);
  }

  async function printed(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await shim(...args);
    expect(code, stderr).to.equal(0);
    return stdout;
  }

  it("holds a shim back, waits while it comes to the nodes, shows them and what the installer said", async () => {
    const manifest = shimManifest({ name: SHIM, location: good.url, sha256: good.sha256 }) as { spec: object };
    await stage.apply({ ...manifest, spec: { ...manifest.spec, paused: true } });
    await waitForShim(stage.kubectl, SHIM, 30_000, ({ status }) => status?.conditions?.[0]?.reason === "Paused");
    expect(await printed("status", SHIM)).to.include(`To go on with the rollout: kubectl shim resume ${SHIM}\n`);
    expect(await jobsOf(stage.kubectl, SHIM)).to.deep.equal([]);
    expect(await printed("resume", SHIM)).to.equal(`shim "${SHIM}" resumed\n`);
    const { code, stdout, stderr } = await shim(...WAIT);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/^shim "demo-v1" is ready: Provisioned: 3 of 3 nodes have the wanted version\n$/);
    const [status, logs] = [await printed("status", SHIM), await printed("logs", SHIM)];
    for (const { name } of NODES) {
      expect(stderr).to.match(new RegExp(`^${name}: Installing.*\n(?:.*\n)*${name}: Proven`, "m"));
      expect(status).to.match(new RegExp(`^${name} +Proven +\\d+s +1 +${good.digest.slice(0, 12)}`, "m"));
      for (const container of ["preflight", "fetch", "install"]) expect(logs).to.include(`[${name} ${container}] {`);
    }
  });

  it("does not wait for what cannot be, says why, and has it tried again", async () => {
    const other = "0".repeat(64);
    await stage.apply(shimManifest({ name: SHIM, location: good.url, sha256: other }));
    const { code, stdout, stderr } = await shim(...WAIT);
    expect([code, stdout]).to.deep.equal([1, ""]);
    expect(stderr).to.match(/\nError: The shim "demo-v1" does not become ready: [^]*DigestMismatch/);
    const [node] = NODES;
    expect(await printed("status", SHIM)).to.match(new RegExp(`^${node.name} +Failed .* DigestMismatch: `, "m"));
    const logs = await printed("logs", SHIM, "--node", node.name);
    expect(logs).to.match(new RegExp(`^\\[${node.name} fetch\\] .*${good.sha256}`, "m"));
    for (const line of logs.trim().split("\n")) expect(line).to.match(new RegExp(`^\\[${node.name} `));
    const earlier = await jobsOf(stage.kubectl, SHIM);
    await printed("retry", SHIM, "--node", node.name);
    const added = await eventually("another try", 60_000, async () => {
      const jobs = (await jobsOf(stage.kubectl, SHIM)).filter((job) => !earlier.includes(job));
      return jobs.length > 0 ? jobs : undefined;
    });
    expect(added.length).to.equal(1);
  });
});
