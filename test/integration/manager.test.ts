import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { eventually } from "../support/kubectl.ts";
import { ManagerBench, NAMESPACE, platform, shimManifest } from "../support/manager-bench.ts";
import type { NodeJson } from "../support/manager-bench.ts";

const NEVER = new AbortController().signal;
const LABEL = "shim.runtime.spinkube.dev/spin";

describe("the manager, with the rights of deploy/, on a real API server", () => {
  let bench: ManagerBench;
  before(async () => {
    bench = await ManagerBench.start();
  });
  after(async () => {
    await bench.stop();
  });
  afterEach(async () => {
    await bench.clear();
  });

  async function addNodes(...names: readonly string[]): Promise<void> {
    for (const name of names) await bench.nodes.add({ name, labels: { wasm: "true" } }, NEVER);
  }

  async function apply(spec: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await bench.kubectl(["apply", "-f", "-"], shimManifest("spin", spec));
  }

  async function label(node: string): Promise<string | undefined> {
    return (await bench.get<NodeJson>("node", node))?.metadata.labels[LABEL];
  }

  async function deleteShim(): Promise<void> {
    await bench.kubectl(["delete", "shim", "spin", "--wait", "--timeout=30s"]);
  }

  it("makes one Job a node, and the RuntimeClass schedules on nodes that are done", async () => {
    await addNodes("a", "b");
    await bench.nodes.add({ name: "other" }, NEVER);
    await bench.manager();
    await apply();
    const shim = await bench.reason("spin", "Provisioned");
    expect(shim.status).to.include({ nodes: 2, nodesReady: 2 });
    expect(bench.nodes.jobs.map(({ node }) => node).toSorted()).to.deep.equal(["a", "b"]);
    expect([await label("a"), await label("b"), await label("other")]).to.deep.equal([
      "provisioned",
      "provisioned",
      undefined,
    ]);
    const runtimeClass = await bench.get<{ scheduling: object }>("runtimeclass", "rc-spin");
    expect(runtimeClass?.scheduling).to.deep.equal({ nodeSelector: { [LABEL]: "provisioned" } });
  });

  it("uninstalls as often as it installs, and keeps the Shim until that is done", async () => {
    await addNodes("a");
    await bench.manager();
    for (const round of [1, 2]) {
      await apply();
      await bench.reason("spin", "Provisioned");
      await deleteShim();
      const operations = bench.nodes.jobs.map(({ request }) => request.operation);
      expect(operations).to.deep.equal(Array.from({ length: round }, () => ["install", "uninstall"]).flat());
      expect(await label("a")).to.equal(undefined);
    }
  });

  it("does not take a stranger's Job for its own, whatever its labels say", async () => {
    await addNodes("a");
    bench.answer = () => undefined; // The real one stays pending.
    await bench.manager();
    await apply();
    await bench.reason("spin", "Progressing");
    await eventually("its Job", 20_000, async () => (bench.nodes.jobs.length === 1 ? true : undefined));
    const uid = (await bench.get<NodeJson>("node", "a"))?.metadata.uid ?? "";
    const labels = {
      "runtime.spinkube.dev/shim": "spin",
      "runtime.spinkube.dev/operation": "install",
      "runtime.spinkube.dev/node-uid": uid,
    };
    const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } };
    const job = {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "stranger", namespace: NAMESPACE, labels },
      spec: { template },
    };
    await bench.kubectl(["create", "-f", "-"], JSON.stringify(job));
    await bench.kubectl(["annotate", "shim", "spin", "look=again"]);
    const [real] = bench.nodes.jobs;
    if (real === undefined) throw new Error("There is no Job of the manager's");
    await bench.nodes.settle(real, { report: { ok: false, reason: "DigestMismatch", message: "not the one" } }, NEVER);
    const shim = await bench.reason("spin", "Failed");
    expect(shim.status?.nodeStates?.[0]).to.include({ name: "a", state: "Failed", reason: "DigestMismatch" });
    expect(bench.nodes.jobs).to.have.length(1);
  });

  it("forgets a node that is deleted while its Job runs", async () => {
    await addNodes("a", "b");
    bench.answer = ({ node }) => (node === "b" ? undefined : { report: {} });
    await bench.manager();
    await apply();
    await bench.reason("spin", "Progressing");
    await eventually("the Jobs of both nodes", 20_000, async () => (bench.nodes.jobs.length === 2 ? true : undefined));
    await bench.nodes.remove("b", NEVER);
    const shim = await bench.reason("spin", "Provisioned");
    expect(shim.status).to.include({ nodes: 1, nodesReady: 1 });
  });

  it("brings a changed source to nodes that have the old one", async () => {
    await addNodes("a");
    await bench.manager();
    await apply();
    await bench.reason("spin", "Provisioned");
    await apply({ fetchStrategy: { platforms: [platform("b")] } });
    await eventually("a second install", 20_000, async () => (bench.nodes.jobs.length === 2 ? true : undefined));
    await bench.reason("spin", "Provisioned");
    const digests = bench.nodes.jobs.map(({ request }) => request.artifact?.sha256?.slice(0, 1));
    expect(digests).to.deep.equal(["a", "b"]);
  });

  it("leaves a RuntimeClass alone that it did not make, and says so", async () => {
    await addNodes("a");
    const foreign = {
      apiVersion: "node.k8s.io/v1",
      kind: "RuntimeClass",
      metadata: { name: "rc-spin" },
      handler: "mine",
    };
    await bench.kubectl(["create", "-f", "-"], JSON.stringify(foreign));
    await bench.manager();
    await apply();
    await bench.reason("spin", "RuntimeClassConflict");
    expect(await bench.get<{ handler: string }>("runtimeclass", "rc-spin")).to.include({ handler: "mine" });
  });

  it("goes on with the nodes when the server refuses the RuntimeClass, and says its words", async () => {
    await addNodes("a");
    await refuseRuntimeClasses(bench);
    await bench.manager();
    await apply();
    const shim = await bench.reason("spin", "RuntimeClassRefused");
    const message = shim.status?.conditions?.find(({ type }) => type === "Ready")?.message;
    expect(message).to.include("none of ours today");
    await eventually("the node to be done", 20_000, async () =>
      (await label("a")) === "provisioned" ? true : undefined,
    );
    await eventually("an Event", 20_000, async () => {
      const reasons = await bench.kubectl(["get", "events", "-o", "jsonpath={.items[*].reason}"]);
      return reasons.split(" ").includes("RuntimeClassRefused") ? true : undefined;
    });
    await bench.kubectl(["delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", "refuse"]);
    await bench.reason("spin", "Provisioned", 60_000);
    expect(bench.nodes.jobs).to.have.length(1);
  }).timeout(120_000);

  it("works once though two of them run, and the second takes over", async () => {
    await addNodes("a");
    const managers = [await bench.manager(), await bench.manager()];
    await apply();
    await bench.reason("spin", "Provisioned");
    expect(bench.nodes.jobs).to.have.length(1);
    const leader = managers.find(({ log }) => log.some((entry) => entry["message"] === "Leading"));
    await leader?.stop("SIGKILL");
    await addNodes("late");
    await eventually("the other manager's work", 30_000, async () =>
      (await label("late")) === "provisioned" ? true : undefined,
    );
    expect(bench.nodes.jobs).to.have.length(2);
  });

  it("may run pods of the critical classes where each namespace needs a quota for that, as on GKE", async () => {
    const pod = JSON.stringify({ spec: { priorityClassName: "system-node-critical" } });
    const run = ["run", "critical", "--image=example.org/x", `--overrides=${pod}`, "--dry-run=server"];
    expect(await bench.kubectl(["-n", NAMESPACE, ...run])).to.include("pod/critical created");
    const refusal = await bench.kubectl(["-n", "default", ...run]).catch(String);
    expect(refusal).to.include("insufficient quota to match these scopes");
  });
});

/** Returns once the server refuses every RuntimeClass of a manager. */
async function refuseRuntimeClasses({ kubectl }: ManagerBench): Promise<void> {
  const rules = [
    { apiGroups: ["node.k8s.io"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["runtimeclasses"] },
  ];
  const base = { apiVersion: "admissionregistration.k8s.io/v1", metadata: { name: "refuse" } };
  const validations = [{ expression: "false", message: "none of ours today" }];
  const policy = {
    ...base,
    kind: "ValidatingAdmissionPolicy",
    spec: { matchConstraints: { resourceRules: rules }, validations },
  };
  const binding = {
    ...base,
    kind: "ValidatingAdmissionPolicyBinding",
    spec: { policyName: "refuse", validationActions: ["Deny"] },
  };
  for (const object of [policy, binding]) await kubectl(["create", "-f", "-"], JSON.stringify(object));
  const probe = { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name: "probe" }, handler: "probe" };
  await eventually("the policy to hold", 20_000, async () =>
    kubectl(["create", "--dry-run=server", "-f", "-"], JSON.stringify(probe)).then(
      () => undefined,
      () => true,
    ),
  );
}
