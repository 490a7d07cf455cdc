import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
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
import { cleanUp, jobsOf, openStage, restartsReported } from "../support/e2e.ts";
import type { Stage } from "../support/e2e.ts";
import { eventually } from "../support/kubectl.ts";
import { NODES } from "../support/node-host.ts";

const SHIM = "demo-v1";

describe("a rollout that is disturbed", () => {
  let stage: Stage;
  let artifact: Artifact;
  let clean: readonly string[] = [];
  before(async () => {
    stage = await openStage();
    clean = await stage.listings();
  });
  after(async () => {
    await stage.close();
  });
  afterEach(async () => {
    await cleanUp(stage);
    expect(await stage.listings()).to.deep.equal(clean);
  });

  /** Returns when an installer is at work for each node: till then none gets its archive, so that none is done already. */
  async function begin(variant: string): Promise<void> {
    artifact = await serveShim(stage.server, SHIM, variant);
    const archive = stage.server.bytes(artifact.path) ?? expect.fail("no artifact");
    const waiting: ServerResponse[] = [];
    stage.server.handle(artifact.path, (_request, response) => waiting.push(response));
    const manifest = shimManifest({ name: SHIM, location: artifact.url, sha256: artifact.sha256 });
    await stage.kubectl(["apply", "-f", "-"], JSON.stringify(manifest));
    await waitForShim(stage.kubectl, SHIM, 30_000, (shim) =>
      NODES.every(({ name }) => stateOf(shim, name)?.state === "Installing"),
    );
    stage.server.serve(artifact.path, archive);
    for (const response of waiting) response.end(archive);
  }

  async function provisioned(): Promise<void> {
    await waitForShim(stage.kubectl, SHIM, 150_000, isProvisioned);
    for (const { name } of NODES) {
      expect(await runPod(stage.kubectl, `after-${name}`, name, SHIM)).to.equal(`hello from after-${name}`);
      expect(await runPod(stage.kubectl, `plain-${name}`, name)).to.equal(`hello from plain-${name}`);
    }
  }

  /** A program of the control plane, by the note that the cluster keeps of it. */
  async function pidOf(program: string): Promise<number> {
    const [pid = ""] = (await readFile(join(stage.cluster.layout.run, `${program}.pid`), "utf8")).split(" ");
    return Number(pid);
  }

  it("goes on where it was when the manager is killed in the middle", async () => {
    await begin("manager");
    const selector = ["-l", "app.kubernetes.io/component=manager"];
    await stage.kubectl(["-n", NAMESPACE, "delete", "pods", ...selector, "--grace-period=0", "--force"]);
    await provisioned();
    expect(await jobsOf(stage.kubectl, SHIM)).to.have.length(NODES.length);
    expect(stage.server.hits(artifact.path)).to.equal(NODES.length);
    expect(await restartsReported(stage.kubectl, SHIM)).to.deep.equal(NODES.map(() => 1));
  });

  it("outlives an API server that is away for half a minute", async () => {
    const apiServer = await pidOf("apiserver");
    await begin("api");
    process.kill(apiServer, "SIGSTOP");
    try {
      await eventually("an API server that does not answer", 60_000, async () => {
        const failed = await stage.kubectl(["get", "--raw", "/readyz", "--request-timeout=30s"]).then(
          () => false,
          () => true,
        );
        return failed ? true : undefined;
      });
    } finally {
      process.kill(apiServer, "SIGCONT");
    }
    await eventually("the API server", 60_000, async () => stage.kubectl(["get", "--raw", "/readyz"]));
    await provisioned();
  });

  it("ends well on a node that loses its power meanwhile", async () => {
    await begin("power");
    await stage.cluster.powerOff("node3", AbortSignal.timeout(120_000));
    await stage.cluster.powerOn("node3", AbortSignal.timeout(120_000));
    await provisioned();
  });
});
