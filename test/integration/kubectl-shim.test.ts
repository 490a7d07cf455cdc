import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { startApi, type RunningApi } from "../cluster/index.ts";
import { awaitOutput, runKubectlShim, startKubectlShim, type KubeRun } from "../support/kube-program.ts";
import { createKubectl, type Kubectl } from "../support/kubectl.ts";

const CRDS = join(import.meta.dirname, "../../crds");
const NEVER = new AbortController().signal;
const RETRY = "runtime.spinkube.dev/retry";

describe("kubectl shim, on a real API server", function suite() {
  this.timeout(120_000); // Each test starts several programs.
  let api: RunningApi;
  let kubectl: Kubectl;
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-shim-cli-"));
    api = await startApi({ dir: join(folder, "api") }, NEVER);
    kubectl = createKubectl(api.kubeconfig);
  });
  after(async () => {
    await api.stop(NEVER);
    await rm(folder, { recursive: true });
  });

  async function shim(...args: readonly string[]): Promise<KubeRun> {
    return runKubectlShim(api.kubeconfig, args);
  }

  /** What it prints when it does what it should. */
  async function printed(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await shim(...args);
    expect([code, stderr]).to.deep.equal([0, ""]);
    return stdout;
  }

  /** What it says when it cannot. */
  async function problem(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await shim(...args);
    expect([code, stdout]).to.deep.equal([1, ""]);
    return stderr;
  }

  async function create(name: string): Promise<void> {
    const spec = {
      fetchStrategy: { anonHttp: { location: "https://example.com/shim.tar.gz" } },
      runtimeClass: { name: `class-${name}`, handler: name },
    };
    const object = { apiVersion: "runtime.spinkube.dev/v1alpha1", kind: "Shim", metadata: { name }, spec };
    await kubectl(["apply", "-f", "-"], JSON.stringify(object));
  }

  async function field(kind: string, name: string, path: string): Promise<string> {
    return kubectl(["get", kind, name, "-o", `jsonpath={${path}}`]);
  }

  /** What the manager would say. */
  async function say(name: string, reason: string, nodeStates: readonly object[]): Promise<void> {
    const observedGeneration = Number(await field("shim", name, ".metadata.generation"));
    const status = reason === "Provisioned" ? "True" : "False";
    const at = { lastTransitionTime: "2026-11-26T00:00:00Z", observedGeneration };
    const conditions = [{ type: "Ready", status, reason, message: `${String(nodeStates.length)} nodes`, ...at }];
    const patch = JSON.stringify({ status: { conditions, nodeStates, observedGeneration } });
    await kubectl(["patch", "shim", name, "--subresource=status", "--type=merge", "-p", patch]);
  }

  it("says that the cluster has no Shims, before there are any", async () => {
    const missing = "Error: The cluster has no shims of runtime.spinkube.dev/v1alpha1: install their operator first\n";
    expect(await problem("status")).to.equal(missing);
    expect(await problem("pause", "spin")).to.equal(missing);
    expect(await problem("retry", "spin")).to.equal(missing);
    await kubectl(["apply", "-k", CRDS]);
    await kubectl(["wait", "--for=condition=Established", "crd/shims.runtime.spinkube.dev", "--timeout=30s"]);
    expect(await shim("status")).to.deep.equal({ code: 0, stdout: "", stderr: "No shims found\n" });
    for (const command of ["status", "wait", "logs", "retry", "pause", "resume"]) {
      expect(await problem(command, "spin")).to.equal("Error: Could not find shim with name spin\n");
    }
  });

  it("shows shims and their nodes", async () => {
    await create("spin");
    await create("slight");
    expect(await printed("status", "spin")).to.match(/^spin: its manager has said nothing yet: see that it runs\n/);
    await say("spin", "Provisioned", [{ name: "node-a", state: "Proven", attempt: 1 }]);
    const text = "spin: Provisioned: 1 nodes\nRuntimeClass class-spin, handler spin, all nodes at once\n";
    expect(await printed("status", "spin")).to.match(new RegExp(`^${text}\nNODE +STATE .*\nnode-a +Proven +1\n$`));
    expect(await printed("status")).to.match(/^slight: [^]*\n\n\nspin: Provisioned: /);
    expect(JSON.parse(await printed("status", "-o", "json"))).to.have.nested.property("items[1].metadata.name", "spin");
    expect(JSON.parse(await printed("status", "spin", "-o", "json"))).to.have.nested.property("metadata.name", "spin");
  });

  it("waits until a shim is ready, and tells what is new about its nodes", async () => {
    await say("spin", "Progressing", [{ name: "node-a", state: "Installing" }]);
    const program = startKubectlShim(api.kubeconfig, ["wait", "spin"]);
    await awaitOutput(program, "node-a: Installing\n");
    await say("spin", "Provisioned", [{ name: "node-a", state: "Proven" }]);
    expect(await program.ended()).to.deep.equal({
      code: 0,
      stdout: 'shim "spin" is ready: Provisioned: 1 nodes\n',
      stderr: "node-a: Installing\nnode-a: Proven\n",
    });
  });

  it("does not wait for what a person must do, nor for longer than it may", async () => {
    await say("spin", "Progressing", [{ name: "node-a", state: "Installing" }]);
    expect(await problem("wait", "spin", "--timeout", "1s")).to.include(
      'Error: The shim "spin" is not ready after 1 s: Progressing: 1 nodes\n',
    );
    await say("spin", "Failed", [{ name: "node-a", state: "Failed", reason: "DigestMismatch", message: "of a file" }]);
    expect(await problem("wait", "spin")).to.equal(
      'node-a: Failed: DigestMismatch: of a file\nError: The shim "spin" does not become ready: Failed: 1 nodes\n',
    );
  });

  it("waits while the brake may end, and not when no failed node is tried again", async () => {
    const failed = { state: "Failed", reason: "ArtifactUnavailable" };
    await say("spin", "TooManyFailures", [{ ...failed, name: "node-a", message: "503" }]);
    const program = startKubectlShim(api.kubeconfig, ["wait", "spin"]);
    await awaitOutput(program, "node-a: Failed: ArtifactUnavailable: 503\n");
    const message = "503 (given up after 8 tries: annotate the Shim)";
    await say("spin", "TooManyFailures", [{ ...failed, name: "node-a", message }]);
    expect(await program.ended()).to.deep.equal({
      code: 1,
      stdout: "",
      stderr:
        `node-a: Failed: ArtifactUnavailable: 503\nnode-a: Failed: ArtifactUnavailable: ${message}\n` +
        'Error: The shim "spin" does not become ready: TooManyFailures: 1 nodes\n',
    });
  });

  it("pauses and resumes a rollout", async () => {
    expect(await printed("pause", "spin")).to.equal('shim "spin" paused\n');
    expect(await field("shim", "spin", ".spec.paused")).to.equal("true");
    expect(await printed("pause", "spin")).to.equal('shim "spin" already paused\n');
    expect(await printed("resume", "spin")).to.equal('shim "spin" resumed\n');
    expect(await field("shim", "spin", ".spec.paused")).to.equal("false");
    expect(await printed("resume", "spin")).to.equal('shim "spin" already resumed\n');
  });

  it("asks for another try, of all nodes or of some", async () => {
    const annotation = `.metadata.annotations.${RETRY.replaceAll(".", String.raw`\.`)}`;
    expect(await printed("retry", "spin")).to.equal('Failed nodes of shim "spin" are tried again\n');
    const first = await field("shim", "spin", annotation);
    expect(Date.parse(first)).to.be.within(Date.now() - 60_000, Date.now());
    await printed("retry", "spin");
    expect(await field("shim", "spin", annotation)).to.not.equal(first);
    const node = { apiVersion: "v1", kind: "Node", metadata: { name: "node-a" } };
    await kubectl(["apply", "-f", "-"], JSON.stringify(node));
    expect(await printed("retry", "spin", "--node", "node-a")).to.equal(
      'Node "node-a" is tried again if it has failed\n',
    );
    expect(await field("node", "node-a", annotation)).to.not.equal("");
    expect(await problem("retry", "spin", "--node", "none")).to.equal("Error: Could not find node with name none\n");
  });

  it("says that no installer is known any more", async () => {
    const remedy = "kubectl shim status spin says what came of them";
    expect(await problem("logs", "spin", "--node", "node-a")).to.equal(
      `Error: No installer of shim "spin" is still known on node-a: ${remedy}\n`,
    );
  });

  it("logs looks into one namespace for those who may not look into all", async () => {
    const rules = ["--verb=get", "--resource=shims.runtime.spinkube.dev"];
    await kubectl(["create", "clusterrole", "sees-shims", ...rules]);
    await kubectl(["create", "clusterrolebinding", "sees-shims", "--clusterrole=sees-shims", "--user=anna"]);
    await kubectl(["create", "role", "sees-pods", "--verb=list", "--resource=pods"]);
    await kubectl(["create", "rolebinding", "sees-pods", "--role=sees-pods", "--user=anna"]);
    const forbidden = 'User "anna" cannot list resource "pods" in API group "" at the cluster scope';
    expect(await problem("logs", "spin", "--as", "anna")).to.include(forbidden);
    expect(await problem("logs", "spin", "--as", "anna", "-n", "default")).to.include("No installer of shim");
  });
});
