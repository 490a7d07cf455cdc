/** A SpinApp from beginning to end: answers, is scaled, gets another image, goes. */
import type { Cluster } from "../../test/cluster/index.ts";
import { eventually } from "../../test/support/kubectl.ts";
import type { Kubectl } from "../../test/support/kubectl.ts";
import { pushToCluster } from "../../test/support/registry-push.ts";
import {
  askSpinApp,
  readyAt,
  spinApp,
  spinAppExecutor,
  spinArtifactOf,
  waitForSpinApp,
} from "../../test/support/spin-apps.ts";

const NAME = "hello";
const REPLICAS = 3;
const GONE_MS = 60_000;

export async function showSpinApp(cluster: Cluster, kubectl: Kubectl): Promise<void> {
  const first = await pushToCluster(await spinArtifactOf("rust-spin-hello"), "hello");
  const second = await pushToCluster(await spinArtifactOf("c-spin"), "hello");
  await apply(kubectl, spinAppExecutor());
  await apply(kubectl, appOf(first, REPLICAS));
  await waitForSpinApp(kubectl, NAME, "Running");
  await show(kubectl, "get", "spinapps");
  await answer();

  await show(kubectl, "scale", "spinapp", NAME, "--replicas=1");
  await waitForSpinApp(kubectl, NAME, "Running", ({ status }) => status?.readyReplicas === 1);
  await show(kubectl, "get", "spinapps");

  await apply(kubectl, appOf(second, 1));
  await waitForSpinApp(kubectl, NAME, "Running");
  await answer();

  await show(kubectl, "delete", "spinapp", NAME);
  await eventually("an end of its pods", GONE_MS, async () => {
    const left = await kubectl(["get", "pods,services,deployments", "-l", "core.spinkube.dev/app-name", "-o", "name"]);
    return left === "" ? true : undefined;
  });
  console.log("nothing of it is left");

  async function answer(): Promise<void> {
    const { status, body } = await askSpinApp({ cluster, kubectl }, NAME, "/hello");
    console.log(`\nGET /hello: ${status} ${body}`);
  }
}

function appOf(image: string, replicas: number): object {
  return spinApp(NAME, { image, replicas, ...readyAt("/hello") });
}

async function apply(kubectl: Kubectl, object: object): Promise<void> {
  console.log(`\n$ kubectl apply -f spinapp.yaml\n${JSON.stringify(object, undefined, 2)}`);
  await kubectl(["apply", "-f", "-"], JSON.stringify(object));
}

async function show(kubectl: Kubectl, ...args: readonly string[]): Promise<void> {
  console.log(`\n$ kubectl ${args.join(" ")}\n${await kubectl(args)}`);
}
