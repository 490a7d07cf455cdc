/** Runs on the cluster that `scripts/demo` brought up. */
import { readFile } from "node:fs/promises";
import { messageOf } from "@rcm/lib/errors";
import { openCluster } from "../../test/cluster/index.ts";
import type { Cluster } from "../../test/cluster/index.ts";
import { buildGuest } from "../../test/guests/build-guest.ts";
import {
  applyDeployment,
  buildAndLoad,
  getShim,
  isProvisioned,
  runPod,
  shimManifest,
  shimOf,
  startNodesServer,
} from "../../test/support/deployment.ts";
import { createKubectl, eventually } from "../../test/support/kubectl.ts";
import type { Kubectl } from "../../test/support/kubectl.ts";
import { startLoad } from "../../test/support/load.ts";
import { NODES } from "../../test/support/node-host.ts";
import { fileImage } from "../../test/support/oci-image.ts";
import { OWN_SHIM, serveOwnShim } from "../../test/support/own-shim.ts";
import { pushToCluster } from "../../test/support/registry-push.ts";
import { deploymentOf, list } from "../../test/support/wasm-apps.ts";
import { showSpinApp } from "./spinapp.ts";

/** As SpinAppExecutors name it, whatever runs the components. */
const RUNTIME_CLASS = "wasmtime-spin-v2";
const HANDLER = "spin";
const REQUESTS = 3000;
const keep = process.argv.includes("--keep");
const stop = new AbortController();
process.once("SIGINT", () => {
  stop.abort(new Error("Stopped by SIGINT"));
});
process.exitCode = await main();

async function main(): Promise<number> {
  const cluster = openCluster(() => undefined);
  const kubeconfig = await cluster.kubeconfigPath();
  try {
    await demonstrate(cluster, createKubectl(kubeconfig));
    return 0;
  } catch (error) {
    console.error(`scripts/demo: ${messageOf(error)}`);
    return 1;
  } finally {
    if (keep) console.log(`\nThe cluster stays up (scripts/cluster down ends it):\nexport KUBECONFIG=${kubeconfig}`);
    else await step("Take the cluster down", async () => cluster.down(AbortSignal.timeout(120_000)));
  }
}

async function demonstrate(cluster: Cluster, kubectl: Kubectl): Promise<void> {
  await step("Build the images and load them", async () => buildAndLoad(cluster, stop.signal));
  await step("kubectl apply -k deploy", async () => applyDeployment(kubectl));
  const server = await startNodesServer();
  try {
    const { url, sha256 } = await step("Build the shim", async () => serveOwnShim(server, stop.signal));
    const names = { name: OWN_SHIM, handler: HANDLER, runtimeClass: RUNTIME_CLASS };
    const shim = shimManifest({ ...names, location: url, sha256 });
    console.log(`\n$ kubectl apply -f shim.yaml\n${JSON.stringify(shim, undefined, 2)}\n`);
    await kubectl(["apply", "-f", "-"], JSON.stringify(shim));
    await watchNodes(kubectl);
    console.log(`\n$ kubectl get shims\n${await kubectl(["get", "shims"])}`);
    console.log(`$ kubectl get runtimeclass\n${await kubectl(["get", "runtimeclass"])}`);
    await runOnEveryNode(cluster, kubectl);
    await serveComponent(cluster, kubectl);
    await showSpinApp(cluster, kubectl);
  } finally {
    await server.close();
  }
}

/** Prints each node's state when it changes. */
async function watchNodes(kubectl: Kubectl): Promise<void> {
  const from = performance.now();
  const seen = new Map<string, string>();
  await eventually("the shim on every node", 120_000, async () => {
    stop.signal.throwIfAborted();
    const shim = await getShim(kubectl, OWN_SHIM);
    for (const { name, state, reason = "", message = "" } of shim?.status?.nodeStates ?? []) {
      if (seen.get(name) === state) continue;
      seen.set(name, state);
      console.log(
        `${((performance.now() - from) / 1000).toFixed(1).padStart(6)} s  ${name.padEnd(8)} ${state} ${reason} ${message}`.trimEnd(),
      );
    }
    return shim !== undefined && isProvisioned(shim) ? shim : undefined;
  });
}

async function runOnEveryNode(cluster: Cluster, kubectl: Kubectl): Promise<void> {
  const nodes = (await kubectl(["get", "nodes", "-o", "name"])).trim().split("\n");
  for (const node of nodes.map((name) => name.replace("node/", ""))) {
    const pod = `hello-${node}`;
    await kubectl(["delete", "pod", pod, "--ignore-not-found", "--wait"]);
    const words = await runPod(kubectl, pod, node, RUNTIME_CLASS);
    const version = await kubectl(["get", "node", node, "-o", "jsonpath={.status.nodeInfo.containerRuntimeVersion}"]);
    console.log(`${node} (${version}): "${words}", run by ${await shimOf(cluster, node, pod, kubectl)}`);
  }
}

/** A Wasm component on every node, behind one Service. */
async function serveComponent(cluster: Cluster, kubectl: Kubectl): Promise<void> {
  const image = await step("Build a component in Rust and push its image", async () =>
    pushToCluster(await fileImage(await readFile(await buildGuest("rust-app"))), "demo"),
  );
  const app = { name: "component", image, runtimeClass: RUNTIME_CLASS };
  const manifest = JSON.stringify(list(deploymentOf(app, NODES.length)), undefined, 2);
  console.log(`\n$ kubectl apply -f component.yaml\n${manifest}\n`);
  await kubectl(["apply", "-f", "-"], manifest);
  await kubectl(["rollout", "status", "deployment/component", "--timeout=55s"]);
  const address = await kubectl(["get", "service", "component", "-o", "jsonpath={.spec.clusterIP}"]);
  const load = await startLoad(cluster, { url: `http://${address}/`, node: "node1", least: REQUESTS });
  const { requests, failures, answers } = await load.stop();
  console.log(`${requests} requests to the Service at ${address}, ${failures.length} failed; answered by`);
  for (const [answer, times] of Object.entries(answers)) {
    const pod = answer.trim();
    const node = await kubectl(["get", "pod", pod, "-o", "jsonpath={.spec.nodeName}"]);
    console.log(`  ${pod} on ${node}: ${times}`);
  }
}

async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  process.stdout.write(`${what} … `);
  const result = await work();
  console.log(`${((performance.now() - from) / 1000).toFixed(1)} s`);
  return result;
}
