import { openCluster } from "../cluster/index.ts";
import type { Cluster } from "../cluster/index.ts";
import type { ArtifactServer } from "./artifact-server.ts";
import { applyDeployment, buildAndLoad, NAMESPACE, startNodesServer } from "./deployment.ts";
import { createKubectl, eventually } from "./kubectl.ts";
import type { Kubectl } from "./kubectl.ts";
import { NODES, NodeHost } from "./node-host.ts";

/** The running cluster with the manager on it, a server for artifacts, and its nodes. */
export interface Stage {
  readonly cluster: Cluster;
  readonly kubectl: Kubectl;
  readonly server: ArtifactServer;
  readonly hosts: readonly NodeHost[];
  /** Of each host: see `NodeHost.listing`. */
  listings(): Promise<readonly string[]>;
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
    listings: async () => Promise.all(hosts.map(async (host) => host.listing())),
    close: async () => server.close(),
  };
  await cleanUp(stage);
  return stage;
}

/** Deletes all Shims and the tests' pods and waits until the nodes are clean. */
export async function cleanUp({ kubectl }: Pick<Stage, "kubectl">): Promise<void> {
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
  await eventually("the end of all Shims", 120_000, async () => {
    const names = await kubectl(["get", "shims", "-o", "name"]);
    return names.trim() === "" ? true : undefined;
  });
}

/** Names of the Jobs that a Shim has made so far. */
export async function jobsOf(kubectl: Kubectl, shim: string): Promise<readonly string[]> {
  const text = await kubectl(["-n", NAMESPACE, "get", "jobs", "-l", `runtime.spinkube.dev/shim=${shim}`, "-o", "name"]);
  return text.split("\n").filter((line) => line !== "");
}
