import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { startApi, type RunningApi } from "../cluster/index.ts";
import { awaitOutput, runKube, startKube, type KubeRun } from "../support/kube-program.ts";
import { createKubectl, type Kubectl } from "../support/kubectl.ts";

const LIMITS = ["--cpu-limit", "100m", "--memory-limit", "128Mi"];
const NEVER = new AbortController().signal;
const MARK = String.raw`.spec.podAnnotations.core\.spinkube\.dev/runtime-config`;
const OWNERS = ".metadata.ownerReferences[*].uid";
/** As far as the server looks at it. */
const KEDA = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "scaledobjects.keda.sh" },
  spec: {
    group: "keda.sh",
    scope: "Namespaced",
    names: { plural: "scaledobjects", kind: "ScaledObject" },
    versions: [
      {
        name: "v1alpha1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};

describe("kube deploy, on a real API server", function suite() {
  this.timeout(120_000); // Each test starts several programs.
  let api: RunningApi;
  let kubectl: Kubectl;
  let folder = "";
  let config = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-kube-deploy-"));
    config = join(folder, "config.toml");
    api = await startApi({ dir: join(folder, "api") }, NEVER);
    kubectl = createKubectl(api.kubeconfig);
    await kubectl(["apply", "-k", join(import.meta.dirname, "../../crds")]);
    await kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"]);
  });
  after(async () => {
    await api.stop(NEVER);
    await rm(folder, { recursive: true });
  });

  async function deploy(name: string, ...flags: readonly string[]): Promise<KubeRun> {
    return runKube(api.kubeconfig, ["deploy", "-f", `a/${name}`, ...flags], folder);
  }

  /** What it prints when it does what it should. */
  async function printed(name: string, ...flags: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await deploy(name, ...flags);
    expect([code, stderr]).to.deep.equal([0, ""]);
    return stdout;
  }

  async function apply(object: object): Promise<void> {
    await kubectl(["apply", "-f", "-"], JSON.stringify(object));
  }

  async function field(object: string, path: string): Promise<string> {
    return kubectl(["get", object, "--ignore-not-found", "-o", `jsonpath={${path}}`]);
  }

  /** The operator's are of both kinds. */
  async function createExecutor(name: string, createDeployment: boolean, group = "core.spinkube.dev"): Promise<void> {
    const deploymentConfig = createDeployment ? { deploymentConfig: { runtimeClassName: "spin" } } : {};
    const spec = { createDeployment, ...deploymentConfig };
    await apply({ apiVersion: `${group}/v1alpha1`, kind: "SpinAppExecutor", metadata: { name }, spec });
  }

  /** What the operator would say. */
  async function setReady(name: string): Promise<void> {
    const observedGeneration = Number(await field(`spinapp/${name}`, ".metadata.generation"));
    const at = { observedGeneration, lastTransitionTime: "2026-11-26T00:00:00Z" };
    const conditions = [{ type: "Ready", status: "True", reason: "Running", message: "", ...at }];
    const patch = JSON.stringify({ status: { readyReplicas: 1, conditions } });
    await kubectl(["patch", "spinapp", name, "--subresource=status", "--type=merge", "-p", patch]);
  }

  it("leaves the pods without a mark while it is not known who makes them", async () => {
    await writeFile(config, "a = 1\n");
    await printed("unknown", "-c", config);
    expect(await field("spinapp/unknown", MARK)).to.equal("");
  });

  it("--wait waits for a changed runtime configuration too", async () => {
    await createExecutor("containerd-shim-spin", true);
    const flags = ["-c", config, "--wait", "--timeout", "50s"];
    await printed("waiting", "-c", config);
    await setReady("waiting");
    expect(await printed("waiting", ...flags)).to.include('"waiting" is ready');
    await writeFile(config, "a = 2\n");
    const program = startKube(api.kubeconfig, ["deploy", "-f", "a/waiting", ...flags]);
    await awaitOutput(program, "its operator has not seen the last change yet");
    await setReady("waiting");
    const { code, stdout } = await program.ended();
    const configured = "secret/waiting-runtime-config configured\nspinapp.core.spinkube.dev/waiting configured\n";
    expect([code, stdout]).to.deep.equal([0, `${configured}"waiting" is ready: Running\n`]);
  });

  it("gives no mark to pods that another program makes: their application would be refused for it", async () => {
    await createExecutor("external", false);
    await createExecutor("older", true, "core.spinoperator.dev");
    await printed("foreign", "-c", config, "--executor", "external");
    await printed("older", "-c", config, "--executor", "older");
    await printed("chosen", "-c", config, "--executor", "");
    const marks = [await field("spinapp/foreign", MARK), await field("spinapp/chosen", MARK)];
    expect(marks).to.deep.equal(["", ""]); // Whose the second are is the operator's choice.
    expect(await field("spinapp/older", MARK)).to.match(/^[0-9a-f]{16}$/);
  });

  it("makes the application the owner of its Secret and its autoscaler", async () => {
    const flags = ["-c", config, "--autoscaler", "hpa", ...LIMITS];
    const first = await printed("owner", ...flags);
    expect(first).to.equal(lines("owner", "created"));
    const uid = await field("spinapp/owner", ".metadata.uid");
    expect(uid).to.not.equal("");
    const objects = ["secret/owner-runtime-config", "hpa/owner-autoscaler"];
    for (const object of objects) expect(await field(object, OWNERS), object).to.equal(uid);
    expect(await printed("owner", ...flags)).to.equal(lines("owner", "unchanged"));
    await kubectl(["delete", "spinapp", "owner"]); // Nobody collects garbage here.
    await printed("owner", ...flags);
    const next = await field("spinapp/owner", ".metadata.uid");
    expect(next).to.not.equal(uid);
    for (const object of objects) expect(await field(object, OWNERS), object).to.equal(next);
  });

  it("removes its autoscaler when none is wanted any more, without KEDA", async () => {
    const removed = "horizontalpodautoscaler.autoscaling/plain-autoscaler deleted\n";
    await printed("plain", "--autoscaler", "hpa", ...LIMITS);
    expect(await printed("plain")).to.equal(`spinapp.core.spinkube.dev/plain configured\n${removed}`);
    expect(await field("hpa/plain-autoscaler", ".metadata.name")).to.equal("");
    expect(await printed("plain")).to.equal("spinapp.core.spinkube.dev/plain unchanged\n");
  });

  it("removes an autoscaler that has only its owner, and one that has only us as its writer", async () => {
    await printed("marked");
    const uid = await field("spinapp/marked", ".metadata.uid");
    const owner = { apiVersion: "core.spinkube.dev/v1alpha1", kind: "SpinApp", name: "marked", uid };
    await apply(autoscaler("marked", { ownerReferences: [owner] }));
    expect(await printed("marked")).to.include("horizontalpodautoscaler.autoscaling/marked-autoscaler deleted\n");
    const ours = ["apply", "--server-side", "--field-manager=spin-kube", "-f", "-"];
    await kubectl(ours, JSON.stringify(autoscaler("marked", {})));
    expect(await printed("marked")).to.include("horizontalpodautoscaler.autoscaling/marked-autoscaler deleted\n");
  });

  it("leaves an autoscaler alone that somebody else made", async () => {
    await apply(autoscaler("theirs", {}));
    expect(await printed("theirs")).to.equal("spinapp.core.spinkube.dev/theirs created\n");
    expect(await field("hpa/theirs-autoscaler", ".metadata.name")).to.equal("theirs-autoscaler");
  });

  it("warns who may not see what an autoscaler could be, and does the rest", async () => {
    const rights = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "few" } };
    const verbs = ["get", "create", "patch"];
    const rules = [
      { apiGroups: ["core.spinkube.dev"], resources: ["spinapps"], verbs },
      { apiGroups: [""], resources: ["secrets"], verbs },
    ];
    await apply({ ...rights, rules });
    await kubectl(["create", "rolebinding", "few", "--clusterrole=few", "--user=anna"]);
    await printed("few", "--autoscaler", "hpa", ...LIMITS);
    const { code, stdout, stderr } = await deploy("few", "--as", "anna", "-c", config);
    expect([code, stdout]).to.deep.equal([
      0,
      "secret/few-runtime-config created\nspinapp.core.spinkube.dev/few configured\n",
    ]);
    expect(stderr).to.match(
      /^Warning: A new runtime configuration alone may count as ready too early: Cannot list spinappexecutors: .* forbidden.*\nWarning: Its autoscaler may be left: .*horizontalpodautoscalers.*scaledobjects.*\n$/,
    );
    expect(await deploy("few", "--as", "anna")).to.deep.include({ code: 0, stderr: "" });
  });

  it("replaces an autoscaler of the other kind, and removes one of KEDA", async () => {
    await apply(KEDA);
    await kubectl(["wait", "--for=condition=Established", "crd/scaledobjects.keda.sh", "--timeout=30s"]);
    await printed("scaled", "--autoscaler", "hpa", ...LIMITS);
    expect(await printed("scaled", "--autoscaler", "keda", ...LIMITS)).to.equal(
      "spinapp.core.spinkube.dev/scaled unchanged\n" +
        "horizontalpodautoscaler.autoscaling/scaled-autoscaler deleted\n" +
        "scaledobject.keda.sh/scaled-autoscaler created\n",
    );
    expect(await field("scaledobject/scaled-autoscaler", OWNERS)).to.equal(
      await field("spinapp/scaled", ".metadata.uid"),
    );
    expect(await printed("scaled")).to.include("scaledobject.keda.sh/scaled-autoscaler deleted\n");
    expect(await field("scaledobject/scaled-autoscaler", ".metadata.name")).to.equal("");
  });
});

/** What deploy prints of an application with all that it can have. */
function lines(name: string, change: string): string {
  return [
    `secret/${name}-runtime-config ${change}\n`,
    `spinapp.core.spinkube.dev/${name} ${change}\n`,
    `horizontalpodautoscaler.autoscaling/${name}-autoscaler ${change}\n`,
  ].join("");
}

function autoscaler(app: string, more: object): object {
  const metadata = { name: `${app}-autoscaler`, namespace: "default", ...more };
  const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: app };
  const spec = { scaleTargetRef, minReplicas: 1, maxReplicas: 2 };
  return { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata, spec };
}
