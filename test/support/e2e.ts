import { expect } from "chai";
import { openCluster } from "../cluster/index.ts";
import type { Cluster } from "../cluster/index.ts";
import type { ArtifactServer } from "./artifact-server.ts";
import { applyDeployment, buildAndLoad, NAMESPACE, runPod, startNodesServer } from "./deployment.ts";
import { createKubectl, eventually } from "./kubectl.ts";
import type { Kubectl } from "./kubectl.ts";
import { NODES, NodeHost } from "./node-host.ts";

/** The running cluster with the manager on it, a server for artifacts, and its nodes. */
export interface Stage {
  readonly cluster: Cluster;
  readonly kubectl: Kubectl;
  readonly server: ArtifactServer;
  readonly hosts: readonly NodeHost[];
  /** `kubectl apply` of objects. */
  apply(...items: readonly object[]): Promise<void>;
  /** Of each host: see `NodeHost.listing`. */
  listings(): Promise<readonly string[]>;
  /** Of each host: when its containerd started. */
  containerdStarts(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Builds and deploys what is in the checkout; nothing of an earlier run is left. */
export async function openStage(): Promise<Stage> {
  const cluster = openCluster(() => undefined);
  const kubectl = createKubectl(await cluster.kubeconfigPath());
  await buildAndLoad(cluster, AbortSignal.timeout(300_000));
  await applyDeployment(kubectl);
  await kubectl(["-n", NAMESPACE, "rollout", "restart", "deployment/manager"]); // The same tag, another image.
  await kubectl(["-n", NAMESPACE, "rollout", "status", "deployment/manager", "--timeout=55s"]);
  const server = await startNodesServer();
  const hosts = NODES.map(({ name }) => new NodeHost(name, cluster));
  const stage = {
    cluster,
    kubectl,
    server,
    hosts,
    apply: async (...items: readonly object[]) => {
      await kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    },
    listings: async () => Promise.all(hosts.map(async (host) => host.listing())),
    containerdStarts: async () => Promise.all(hosts.map(async (host) => host.containerdStart())),
    close: async () => server.close(),
  };
  await cleanUp(stage);
  return stage;
}

/** Deletes all Shims and the tests' pods, with what keeps them, and waits until the nodes are clean. */
export async function cleanUp({ kubectl }: Pick<Stage, "kubectl">): Promise<void> {
  const kinds = "spinapps,deployments,jobs,services";
  await kubectl(["delete", kinds, "-l", "app=rcm-test", "--ignore-not-found", "--wait", "--timeout=50s"]);
  await kubectl([
    "delete",
    "pods",
    "-l",
    "app=rcm-test",
    "--ignore-not-found",
    "--wait",
    "--grace-period=0",
    "--force",
  ]);
  await kubectl(["delete", "shims", "--all", "--wait=false"]);
  await awaitNoShims(kubectl);
}

/** Names of the Jobs that a Shim has made so far. */
export async function jobsOf(kubectl: Kubectl, shim: string): Promise<readonly string[]> {
  const text = await kubectl(["-n", NAMESPACE, "get", "jobs", "-l", `runtime.spinkube.dev/shim=${shim}`, "-o", "name"]);
  return text.split("\n").filter((line) => line !== "");
}

/** How often the last container of each of a Shim's Jobs says that it restarted containerd. */
export async function restartsReported(kubectl: Kubectl, shim: string): Promise<readonly number[]> {
  const path = '{range .items[*]}{.status.containerStatuses[0].state.terminated.message}{"\\n"}{end}';
  const selector = `runtime.spinkube.dev/shim=${shim}`;
  const text = await kubectl(["-n", NAMESPACE, "get", "pods", "-l", selector, "-o", `jsonpath=${path}`]);
  const reports = text.split("\n").filter((line) => line.startsWith("{"));
  return reports.map((line) => (JSON.parse(line) as { readonly restarts: number }).restarts);
}

/** From when to when each of a Shim's installers was at work, in the order of their making; RFC 3339, whole seconds. */
export async function workTimes(kubectl: Kubectl, shim: string): Promise<readonly { start: string; end: string }[]> {
  const end = "state.terminated.finishedAt";
  const ends = `{.status.initContainerStatuses[*].${end}} {.status.containerStatuses[*].${end}}`;
  const path = `{range .items[*]}{.metadata.creationTimestamp} ${ends}{"\\n"}{end}`;
  const selector = `runtime.spinkube.dev/shim=${shim}`;
  const text = await kubectl(["-n", NAMESPACE, "get", "pods", "-l", selector, "-o", `jsonpath=${path}`]);
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.toSorted().map((line) => {
    const [start = "", ...times] = line.trim().split(/ +/);
    return { start, end: times.toSorted().at(-1) ?? "" };
  });
}

/** Every node still starts a pod that has nothing to do with us. */
export async function expectOrdinaryPods(kubectl: Kubectl): Promise<void> {
  await Promise.all(
    NODES.map(async ({ name }) => {
      const pod = `ordinary-${name}`;
      expect(await runPod(kubectl, pod, name)).to.equal(`hello from ${pod}`);
      await kubectl(["delete", "pod", pod, "--wait", "--grace-period=0", "--force"]);
    }),
  );
}

/** Until every Shim is gone, which it is when every node is as it was before. */
export async function awaitNoShims(kubectl: Kubectl): Promise<void> {
  await eventually("the end of all Shims", 120_000, async () => {
    const names = await kubectl(["get", "shims", "-o", "name"]);
    return names.trim() === "" ? true : undefined;
  });
}
