/**
 * How long it takes from `kubectl apply` to the first 200 through the Service: node test/bench/spinapp.ts [ROUNDS [NODE]]
 *
 * SpinApps beside a Deployment of busybox's httpd by runc, in turns, on one node of the running cluster (scripts/cluster
 * up): with the image in the node, and pulled from the local registry, when nothing of it is in the node.
 */
import { readFile } from "node:fs/promises";
import { runCommand } from "../cluster/run-command.ts";
import { cleanUp, openStage } from "../support/e2e.ts";
import { eventually } from "../support/kubectl.ts";
import { digestOf, imageOfFiles } from "../support/oci-image.ts";
import type { OciImage } from "../support/oci-image.ts";
import { installOwnShim } from "../support/own-shim.ts";
import { pushToCluster } from "../support/registry-push.ts";
import { addressOf, SPIN_CLASS, spinApp, spinAppExecutor, spinArtifactOf } from "../support/spin-apps.ts";
import { spreadOf } from "./shim/spread.ts";

const PROGRAM = `${import.meta.dirname}/first-answer-child.ts`;
const DEADLINE_MS = 180_000;
const PORT = 8080;
const SHIM_CACHE = "/var/lib/containerd-shim-spin-v2/*/*";
const LABELS = { app: "rcm-test", "rcm-test": "bench" };

interface Subject {
  readonly title: string;
  readonly image: string;
  /** Under which containerd keeps it, too. */
  readonly id: string;
  readonly objects: (name: string, node: string) => readonly object[];
}

const [roundsText = "5", node = "node3"] = process.argv.slice(2);
const stage = await openStage();
try {
  await installOwnShim(stage, SPIN_CLASS);
  await stage.apply(spinAppExecutor());
  const subjects = [
    await spinSubject("SpinApp in C", await spinArtifactOf("c-spin")),
    await spinSubject("SpinApp in Rust", await spinArtifactOf("rust-spin-hello")),
    await httpdSubject(),
  ];
  for (const subject of subjects) await measure(subject, "warm"); // Everything is there once.
  const results = await inTurns(subjects, Number(roundsText));
  console.log("| from kubectl apply to the first 200, p50 / p90 | image in the node | pulled |\n| --- | --- | --- |");
  for (const { title } of subjects) {
    const [present, pulled] = ["present", "pulled"].map((how) => results.get(`${title} ${how}`) ?? []);
    console.log(`| ${title} | ${spreadOf(present ?? [])} | ${spreadOf(pulled ?? [])} |`);
  }
} finally {
  await stage.kubectl(["delete", "spinapps,spinappexecutors", "-l", "app=rcm-test"]);
  await cleanUp(stage);
  await stage.close();
}

async function inTurns(subjects: readonly Subject[], rounds: number): Promise<ReadonlyMap<string, readonly number[]>> {
  const results = new Map<string, number[]>();
  const turns = ["present", "pulled"].flatMap((how) => subjects.map((subject) => ({ how, subject })));
  for (let round = 0; round < rounds; round += 1) {
    for (const { how, subject } of turns) {
      if (how === "pulled") await forget(subject);
      const key = `${subject.title} ${how}`;
      const ms = await measure(subject, `${how}${round}`);
      results.set(key, [...(results.get(key) ?? []), ms]);
      console.log(`${key}: ${ms} ms`);
    }
  }
  return results;
}

/** Until the first answer; then the application is deleted. */
async function measure({ objects }: Subject, name: string): Promise<number> {
  const { cluster, kubectl } = stage;
  const from = Date.now();
  await stage.apply(...objects(`bench-${name}`, node));
  const address = await eventually("the Service", DEADLINE_MS, async () => addressOf(kubectl, `bench-${name}`));
  const argv = [...(await cluster.enterNetwork(node)), process.execPath, PROGRAM, `http://${address}/`];
  const at = await runCommand(argv, { timeoutMs: DEADLINE_MS }, AbortSignal.timeout(DEADLINE_MS));
  await kubectl(["delete", "spinapps,deployments,services", `bench-${name}`, "--ignore-not-found", "--wait"]);
  await eventually("an end of its pods", DEADLINE_MS, async () =>
    (await kubectl(["get", "pods", "-o", "name"])) === "" ? true : undefined,
  );
  return Number(at) - from;
}

/** Nothing of the image stays in the node, nor what the shim has made of it. */
async function forget({ image, id }: Subject): Promise<void> {
  const repository = image.slice(0, image.lastIndexOf(":"));
  const names = `ctr -n k8s.io image ls -q | grep -F -e '${repository}' -e '${id}'`;
  const host = stage.hosts.find(({ name }) => name === node);
  await host?.out(`${names} | xargs -r ctr -n k8s.io image rm --sync; rm -rf ${SHIM_CACHE}`);
}

async function spinSubject(title: string, artifact: OciImage): Promise<Subject> {
  const image = await pushToCluster(artifact, title.toLowerCase().replaceAll(" ", "-"));
  return {
    title,
    image,
    id: digestOf(artifact.config.bytes),
    objects: (name, place) => [
      spinApp(name, { image, replicas: 1, nodeSelector: { "kubernetes.io/hostname": place } }),
    ],
  };
}

async function httpdSubject(): Promise<Subject> {
  const entries = [
    { kind: "file", path: "bin/busybox", content: await readFile("/usr/bin/busybox"), mode: 0o755 },
    { kind: "file", path: "www/index.html", content: "hello\n", mode: 0o644 },
  ] as const;
  const Entrypoint = ["/bin/busybox", "httpd", "-f", "-p", String(PORT), "-h", "/www"];
  const whole = await imageOfFiles(entries, { Entrypoint });
  const image = await pushToCluster(whole, "bench-httpd");
  const id = digestOf(whole.config.bytes);
  return { title: "busybox httpd by runc", image, id, objects: (name, place) => httpdObjects(name, image, place) };
}

function httpdObjects(name: string, image: string, place: string): readonly object[] {
  const labels = { ...LABELS, "rcm-test": name };
  const metadata = { name, labels };
  const selector = { "rcm-test": name };
  const containers = [{ name: "main", image, ports: [{ containerPort: PORT }] }];
  const spec = { nodeSelector: { "kubernetes.io/hostname": place }, terminationGracePeriodSeconds: 1, containers };
  const template = { metadata: { labels }, spec };
  return [
    { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { selector: { matchLabels: selector }, template } },
    { apiVersion: "v1", kind: "Service", metadata, spec: { selector, ports: [{ port: 80, targetPort: PORT }] } },
  ];
}
