import { expect } from "chai";
import { describe, it } from "mocha";
import { NAMESPACE, shimManifest } from "../support/manager-bench.ts";
import { LABEL, ManagerScene, useScene } from "../support/manager-scene.ts";

const NEVER = new AbortController().signal;

const scene = new ManagerScene();

describe("the manager when nodes change", () => {
  useScene(scene);

  it("puts back a label that somebody wiped", async () => {
    await scene.provision("a");
    await scene.bench.kubectl(["label", "node", "a", `${LABEL}-`, "spin-"]);
    await scene.untilLabel("a", "provisioned");
    expect(scene.orders()).to.deep.equal(["install a"]);
  });

  it("removes the shim from a node that leaves the selection, and installs when it comes back", async () => {
    await scene.provision("a");
    await scene.bench.kubectl(["label", "node", "a", "wasm-"]);
    await scene.bench.reason("spin", "NoMatchingNodes");
    expect(await scene.labelOf("a")).to.equal(undefined);
    await scene.bench.kubectl(["label", "node", "a", "wasm=true"]);
    await scene.bench.reason("spin", "Provisioned");
    expect(scene.orders()).to.deep.equal(["install a", "uninstall a", "install a"]);
  });

  it("looks again after a reboot, and gives the node no pods meanwhile", async () => {
    await scene.provision("a");
    scene.bench.answer = () => undefined;
    await scene.bench.nodes.report({ name: "a", bootId: "second" }, NEVER);
    await scene.untilJobs(2);
    await scene.untilLabel("a", "pending");
    await scene.end(1, { report: { restarts: 0 } });
    await scene.untilLabel("a", "provisioned");
    expect(scene.orders()).to.deep.equal(["install a", "install a"]);
  });

  it("installs on another machine that has taken the name, also when the Node stayed", async () => {
    await scene.provision("a");
    await scene.bench.nodes.report({ name: "a", machineId: "another" }, NEVER);
    await scene.untilJobs(2);
    await scene.bench.nodes.remove("a", NEVER);
    await scene.addNodes("a");
    await scene.untilJobs(3);
    await scene.bench.reason("spin", "Provisioned");
    const machines = scene.bench.nodes.jobs.map(({ request }) => request.node.machineId);
    expect(machines).to.deep.equal(["machine-a", "another", "machine-a"]);
  });

  it("leaves nodes alone that it may not touch, and says what to do", async () => {
    await scene.bench.nodes.add(
      { name: "tainted", labels: { wasm: "true" }, taints: [{ key: "gpu", effect: "NoSchedule" }] },
      NEVER,
    );
    await scene.bench.nodes.add({ name: "arm", labels: { wasm: "true" }, architecture: "arm64" }, NEVER);
    await scene.bench.nodes.add({ name: "crio", labels: { wasm: "true" }, runtimeVersion: "cri-o://1.34" }, NEVER);
    await scene.bench.manager();
    await scene.apply();
    expect(await scene.untilNode("tainted", "Pending")).to.include(
      'add {"key":"gpu","operator":"Exists","effect":"NoSchedule"}',
    );
    expect(await scene.untilNode("arm", "Unsupported", "NoArtifactForPlatform")).to.include("linux/arm64");
    expect(await scene.untilNode("crio", "Unsupported", "RuntimeUnsupported")).to.include("cri-o://1.34");
    await scene.apply({ tolerations: [{ key: "gpu", operator: "Exists" }] });
    await scene.untilNode("tainted", "Proven");
    expect(scene.orders()).to.deep.equal(["install tainted"]);
  });
});

describe("the manager itself", () => {
  useScene(scene);

  it("does nothing twice when it is killed in the middle", async () => {
    await scene.addNodes("a", "b", "c");
    scene.bench.answer = () => undefined;
    const first = await scene.bench.manager();
    await scene.apply();
    await scene.untilJobs(3);
    await first.stop("SIGKILL");
    for (const job of scene.bench.nodes.jobs) await scene.bench.nodes.settle(job, { report: {} }, NEVER);
    await scene.bench.manager();
    await scene.bench.reason("spin", "Provisioned");
    expect(scene.orders().toSorted()).to.deep.equal(["install a", "install b", "install c"]);
  });

  it("ends in peace when asked to, and lets the next one lead at once", async () => {
    const first = await scene.bench.manager();
    await scene.until("a leader", async () => isLeading(first.log));
    expect(await first.stop("SIGTERM")).to.equal(0);
    const holder = await scene.bench.kubectl([
      "-n",
      NAMESPACE,
      "get",
      "lease",
      NAMESPACE,
      "-o",
      "jsonpath={.spec.holderIdentity}",
    ]);
    expect(holder).to.equal("");
  });

  it("lets the older of two Shims have the handler", async () => {
    await scene.provision("a");
    const younger = shimManifest("younger", { runtimeClass: { name: "rc-younger", handler: "spin" } });
    await scene.bench.kubectl(["apply", "-f", "-"], younger);
    const shim = await scene.bench.reason("younger", "HandlerConflict");
    expect(shim.status?.conditions?.[0]?.message).to.include('Shim "spin" is older and has the handler "spin"');
    expect([scene.orders(), await scene.bench.get("runtimeclass", "rc-younger")]).to.deep.equal([
      ["install a"],
      undefined,
    ]);
    await scene.bench.kubectl(["delete", "shim", "spin", "--timeout=30s"]);
    await scene.bench.reason("younger", "Provisioned");
  });

  it("runs one installer at a time on a node, whichever Shim it is for", async () => {
    await scene.addNodes("a");
    scene.bench.answer = () => undefined;
    await scene.bench.manager();
    await scene.apply();
    await scene.bench.kubectl(["apply", "-f", "-"], shimManifest("other"));
    await scene.untilJobs(1);
    await scene.bench.reason("other", "Progressing");
    expect(scene.bench.nodes.jobs).to.have.length(1);
    await scene.end(0, { report: {} });
    await scene.untilJobs(2);
    expect(new Set(scene.bench.nodes.jobs.map(({ request }) => request.shim))).to.deep.equal(
      new Set(["spin", "other"]),
    );
  });

  it("asks the API server at most eight times a node", async () => {
    const names = Array.from({ length: 30 }, (_, index) => `node-${index}`);
    await scene.addNodes(...names);
    await scene.bench.manager();
    const started = (await scene.bench.requests("rcm-manager")).length;
    await scene.apply();
    await scene.bench.reason("spin", "Provisioned");
    const entries = (await scene.bench.requests("rcm-manager")).slice(started);
    const spent = entries.filter(({ objectRef }) => objectRef?.resource !== "leases");
    expect(spent.length / names.length).to.be.below(8);
    expect(
      spent.filter((entry) => (entry.responseStatus?.code ?? 0) >= 400).map(({ objectRef }) => objectRef),
    ).to.deep.equal([]);
  });

  it("removes what it made of a RuntimeClass that was deleted or changed by hand", async () => {
    await scene.provision("a");
    const path = ["runtimeclass", "rc-spin"];
    await scene.bench.kubectl([
      "patch",
      ...path,
      "--type=merge",
      "-p",
      '{"scheduling":{"nodeSelector":{"extra":"x"}}}',
    ]);
    await scene.until("the RuntimeClass to be right", async () =>
      isRight(await scene.bench.get<RuntimeClass>(...path)),
    );
    await scene.bench.kubectl(["delete", ...path]);
    await scene.until("the RuntimeClass to be back", async () => isRight(await scene.bench.get<RuntimeClass>(...path)));
  });
});

interface RuntimeClass {
  readonly scheduling?: { readonly nodeSelector?: Readonly<Record<string, string>> };
}

function isRight(present: RuntimeClass | undefined): boolean {
  const selector = JSON.stringify(present?.scheduling?.nodeSelector);
  return selector === JSON.stringify({ [LABEL]: "provisioned" });
}

function isLeading(log: readonly Readonly<Record<string, unknown>>[]): boolean {
  return log.some((entry) => entry["message"] === "Leading");
}
