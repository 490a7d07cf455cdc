import { expect } from "chai";
import { describe, it } from "mocha";
import { eventually } from "../support/kubectl.ts";
import { NAMESPACE, platform, type AuditEntry, type ShimJson } from "../support/manager-bench.ts";
import { failure, ManagerScene, useScene, SOON_MS } from "../support/manager-scene.ts";

const NEVER = new AbortController().signal;
const scene = new ManagerScene();

describe("the manager when installers fail", () => {
  useScene(scene);

  it("tries again what may pass, with a Job of another name", async () => {
    await scene.addNodes("a");
    scene.bench.answer = () =>
      scene.bench.nodes.jobs.length > 1 ? { report: {} } : failure("ArtifactUnavailable", "HTTP status 503");
    await scene.bench.manager();
    await scene.apply();
    expect(await scene.untilNode("a", "Failed", "ArtifactUnavailable")).to.equal("HTTP status 503");
    expect(await scene.labelOf("a")).to.equal("failed");
    await scene.bench.reason("spin", "Provisioned", 30_000);
    expect(new Set(scene.bench.nodes.jobs.map(({ job }) => job)).size).to.equal(2);
  });

  it("does not try again what cannot pass, until the Shim changes", async () => {
    await scene.addNodes("a");
    scene.bench.answer = ({ request }) =>
      request.artifact?.sha256?.startsWith("a") === true ? failure("DigestMismatch", "sha256 is 1234") : { report: {} };
    await scene.bench.manager();
    await scene.apply();
    const failed = await scene.bench.reason("spin", "Failed");
    expect(failed.status?.conditions?.[0]?.message).to.equal(
      "0 of 1 nodes have the wanted version; a: DigestMismatch: sha256 is 1234 (not tried again until the Shim changes: annotate the Shim with runtime.spinkube.dev/retry to try again)",
    );
    await scene.apply({ fetchStrategy: { platforms: [platform("b")] } });
    await scene.bench.reason("spin", "Provisioned");
    expect(scene.orders()).to.deep.equal(["install a", "install a"]);
  });

  it("stops a rolling change at the first failure: never two at once, the third is not touched", async () => {
    await scene.addNodes("a", "b", "c");
    const atWork = new Set<string>();
    let most = 0;
    scene.bench.answer = (job) => {
      atWork.add(job.node);
      most = Math.max(most, atWork.size);
      return undefined;
    };
    await scene.bench.manager();
    await scene.apply({ rolloutStrategy: { type: "rolling", rolling: { maxUpdate: 1 } } });
    await scene.untilJobs(1);
    atWork.delete((await scene.end(0, { report: {} })).node);
    await scene.untilJobs(2);
    atWork.delete((await scene.end(1, failure("DigestMismatch", "sha256 is 1234"))).node);
    const shim = await scene.bench.reason("spin", "TooManyFailures");
    expect([scene.orders(), most]).to.deep.equal([["install a", "install b"], 1]);
    expect(shim.status).to.include({ nodes: 3, nodesReady: 1, nodesFailed: 1 });
    await scene.until("Events that say so", async () => {
      const reasons = await scene.bench.kubectl(["get", "events", "-o", "jsonpath={.items[*].reason}"]);
      return ["ShimProvisioned", "ShimFailed", "RolloutPaused"].every((reason) => reasons.split(" ").includes(reason));
    });
    scene.bench.answer = () => ({ report: {} });
    await scene.apply({ fetchStrategy: { platforms: [platform("b")] } });
    await scene.bench.reason("spin", "Provisioned");
  });

  it("gives up a pod that the kubelet says by an Event cannot start", async () => {
    await scene.addNodes("a");
    scene.bench.answer = () => undefined;
    await scene.bench.manager();
    await scene.apply();
    await scene.untilJobs(1);
    const [job] = scene.bench.nodes.jobs;
    await scene.bench.kubectl(["create", "-f", "-"], await mountFailure(job?.pod ?? ""));
    const message = await eventually("the node to have failed", 90_000, async () => {
      const shim = await scene.bench.get<ShimJson>("shim", "spin");
      const state = shim?.status?.nodeStates?.[0];
      return state?.reason === "ReadOnlyFileSystem" ? state.message : undefined;
    });
    expect(message).to.include("FailedMount: mkdir /opt/rcm: read-only file system");
    await eventually("its Job to be gone", SOON_MS, async () =>
      (await scene.bench.get("job", "-n", NAMESPACE, job?.job ?? "")) === undefined ? true : undefined,
    );
    // Nothing of ours ever ran on the node, so nothing is to be removed from it: another pod could not start either.
    await scene.bench.kubectl(["delete", "shim", "spin", "--timeout=30s"]);
    expect([scene.orders(), await scene.labelOf("a")]).to.deep.equal([["install a"], undefined]);
    const asked = (await scene.bench.requests("rcm-manager")).filter(
      (entry) => entry.objectRef?.resource === "events" && entry.verb === "list",
    );
    expect(asked.length).to.be.within(1, 4);
  }).timeout(120_000);

  it("waits with the removal while pods use the shim, and says which", async () => {
    await scene.provision("a");
    scene.bench.answer = () => failure("InUse", "Pods use it: default/web. Delete them");
    await scene.bench.kubectl(["delete", "shim", "spin", "--wait=false"]);
    expect(await scene.untilNode("a", "Removing", "InUse")).to.equal("Pods use it: default/web. Delete them");
    expect(await scene.labelOf("a")).to.equal("uninstalling");
    scene.bench.answer = () => ({ report: {} });
    await eventually("the Shim to be gone", 30_000, async () =>
      (await scene.bench.get("shim", "spin")) === undefined ? true : undefined,
    );
    expect([await scene.labelOf("a"), await scene.bench.get("runtimeclass", "rc-spin")]).to.deep.equal([
      undefined,
      undefined,
    ]);
  });

  it("asks no installer while it sees the pods that use the shim, and goes on soon after the last one is gone", async () => {
    await scene.provision("a");
    await scene.bench.kubectl(["create", "-f", "-"], userPod("web", "a"));
    const users = ["default/web", "default/none"];
    scene.bench.answer = () => ({ report: { ok: false, reason: "InUse", message: "Pods use it: default/web", users } });
    await scene.bench.kubectl(["delete", "shim", "spin", "--wait=false"]);
    await scene.untilNode("a", "Removing", "InUse");
    // Long enough for three further Jobs if nobody looked.
    await scene.until("a second look at the pods", async () => (await looksAtUsers()).length > 1, 45_000);
    expect(scene.orders()).to.deep.equal(["install a", "uninstall a"]);
    scene.bench.answer = () => (scene.bench.nodes.jobs.length > 3 ? undefined : failure("InUse", "A process uses it"));
    await scene.bench.kubectl(["delete", "pod", "web", "--grace-period=0", "--force"]);
    await scene.until("two further tries", async () => scene.bench.nodes.jobs.length === 4, 45_000);
    const [, first, second, third] = scene.bench.nodes.jobs.map(({ job }) => job);
    await scene.until("the Jobs that found users to be gone", async () => {
      const names = (await scene.bench.kubectl(["get", "jobs", "-n", NAMESPACE, "-o", "name"])).split("\n");
      return ![first, second].some((job) => names.includes(`job.batch/${job}`)) && names.includes(`job.batch/${third}`);
    });
    await scene.until("their pods too", async () => {
      const names = await scene.bench.kubectl(["get", "pods", "-n", NAMESPACE, "-o", "name"]);
      return !scene.bench.nodes.jobs.slice(1, 3).some(({ pod }) => names.includes(pod));
    });
    await scene.end(3, { report: {} });
    await scene.until("the Shim to be gone", async () => (await scene.bench.get("shim", "spin")) === undefined);
    const looks = await looksAtUsers();
    expect(looks.length).to.be.within(2, 8);
    expect(looks.map(({ responseStatus }) => responseStatus?.code)).to.deep.equal(looks.map(() => 200));
  }).timeout(180_000);

  it("tries a node again that it gave up once that is rebooted, and counts anew", async () => {
    await scene.addNodes("a");
    scene.bench.answer = () => failure("DigestMismatch", "sha256 is 1234");
    await scene.bench.manager();
    await scene.apply();
    await scene.bench.reason("spin", "Failed");
    await scene.bench.nodes.report({ name: "a", bootId: "second" }, NEVER);
    await scene.untilJobs(2);
    await scene.bench.reason("spin", "Failed");
    scene.bench.answer = () => ({ report: {} });
    await scene.bench.nodes.report({ name: "a", bootId: "second", runtimeVersion: "containerd://2.2.0" }, NEVER);
    await scene.bench.reason("spin", "Provisioned");
    expect(scene.orders()).to.deep.equal(["install a", "install a", "install a"]);
  });
});

/** The manager's requests for pods that use the shim. */
async function looksAtUsers(): Promise<readonly AuditEntry[]> {
  const requests = await scene.bench.requests("rcm-manager");
  return requests.filter(
    ({ verb, objectRef }) => verb === "list" && objectRef?.resource === "pods" && objectRef.namespace === "default",
  );
}

/** A pod on a node, as if its shim ran it. */
function userPod(name: string, nodeName: string): string {
  const containers = [{ name: "c", image: "example.org/x" }];
  return JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { nodeName, containers } });
}

/** The Event of a kubelet whose node has a read-only /opt. */
async function mountFailure(pod: string): Promise<string> {
  const { metadata } = (await scene.bench.get<{ metadata: { uid: string } }>("pod", "-n", NAMESPACE, pod)) ?? {
    metadata: { uid: "" },
  };
  const now = new Date(Date.now() + 60_000).toISOString().replace(/\.\d+Z$/, "Z"); // Said again and again: it stays the newest.
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${pod}.mount`, namespace: NAMESPACE },
    involvedObject: { apiVersion: "v1", kind: "Pod", name: pod, namespace: NAMESPACE, uid: metadata.uid },
    type: "Warning",
    reason: "FailedMount",
    message: "mkdir /opt/rcm: read-only file system",
    firstTimestamp: now,
    lastTimestamp: now,
    count: 9,
    source: { component: "kubelet" },
  });
}
