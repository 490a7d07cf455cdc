import { spawn } from "node:child_process";
import { once } from "node:events";
import { messageOf } from "@rcm/lib/errors";
import { shutdownSignal } from "@rcm/lib/shutdown";
import { ClusterError } from "./cluster-error.ts";
import { needState } from "./cluster-state.ts";
import type { Cluster } from "./cluster.ts";
import { openCluster } from "./cluster.ts";
import { parseNodeVersion } from "./node-version.ts";
import { SYSTEM_PATH } from "./packages.ts";
import { clusterStatus } from "./status.ts";
import { USAGE } from "./usage.ts";

type Command = (cluster: Cluster, args: readonly string[], signal: AbortSignal) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  prepare,
  up,
  down,
  status,
  kubeconfig,
  kubectl,
  exec,
  load,
  push,
  add,
  remove,
  power,
  replace,
};

async function prepare(cluster: Cluster, _args: readonly string[], signal: AbortSignal): Promise<number> {
  await cluster.prepare(signal);
  return 0;
}

async function up(cluster: Cluster, args: readonly string[], signal: AbortSignal): Promise<number> {
  const [flag, list = "1.6,1.7,2.1"] = args;
  if ((flag !== undefined && flag !== "--nodes") || args.length === 1) throw new ClusterError("USAGE", USAGE);
  const start = performance.now();
  const made = await cluster.up(list.split(",").map(parseNodeVersion), signal);
  const { nodes } = await needState(cluster.layout);
  const names = nodes.map(({ name, version }) => `${name} (containerd ${version})`).join(", ");
  console.log(made ? `up in ${seconds(performance.now() - start)}: ${names}` : `is up: ${names}`);
  console.log(`export KUBECONFIG=${await cluster.kubeconfigPath()}`);
  return 0;
}

async function down(cluster: Cluster, _args: readonly string[], signal: AbortSignal): Promise<number> {
  const start = performance.now();
  await cluster.down(signal);
  console.log(`down in ${seconds(performance.now() - start)}`);
  return 0;
}

async function status(cluster: Cluster, _args: readonly string[], signal: AbortSignal): Promise<number> {
  const { up: isUp, nodes, ...facts } = await clusterStatus(cluster.layout, signal);
  console.log(isUp ? "up" : "not up: a program of the control plane ended; scripts/cluster up makes it anew");
  for (const [name, value] of Object.entries(facts)) console.log(`${name.padEnd(11)} ${value}`);
  console.log("limits      NetworkPolicies are accepted, not enforced; no way to the internet");
  for (const { name, version, address, machine, ready } of nodes) {
    const words = [address.padEnd(12), `containerd ${version}`.padEnd(16), `machine ${machine.padEnd(3)}`];
    console.log(`${name.padEnd(11)} ${words.join("  ")}  Ready: ${ready}`);
  }
  return isUp ? 0 : 1;
}

async function kubeconfig(cluster: Cluster): Promise<number> {
  console.log(await cluster.kubeconfigPath());
  return 0;
}

async function kubectl(cluster: Cluster, args: readonly string[]): Promise<number> {
  const { kube } = await needState(cluster.layout);
  return runHere([kube, "kubectl", "--kubeconfig", await cluster.kubeconfigPath(), ...args]);
}

async function exec(cluster: Cluster, args: readonly string[]): Promise<number> {
  const [node = "", separator, ...command] = args;
  if (separator !== "--" || command.length === 0) throw new ClusterError("USAGE", USAGE);
  return runHere([...(await cluster.enter(node)), ...command]);
}

async function load(cluster: Cluster, args: readonly string[], signal: AbortSignal): Promise<number> {
  const [archive, ...nodes] = args;
  if (archive === undefined) throw new ClusterError("USAGE", USAGE);
  await cluster.loadImage(archive, nodes, signal);
  return 0;
}

async function push(cluster: Cluster, args: readonly string[], signal: AbortSignal): Promise<number> {
  const [node, image] = takeWords(args, 2);
  console.log(await cluster.pushImage(node, image, signal));
  return 0;
}

async function add(cluster: Cluster, args: readonly string[], signal: AbortSignal): Promise<number> {
  const [version] = takeWords(args, 1);
  console.log(await cluster.addNode(parseNodeVersion(version), signal));
  return 0;
}

async function remove(cluster: Cluster, args: readonly string[], signal: AbortSignal): Promise<number> {
  const keep = args.includes("--keep-object");
  const [node] = takeWords(
    args.filter((word) => word !== "--keep-object"),
    1,
  );
  await cluster.removeNode(node, keep ? "keep" : "delete", signal);
  return 0;
}

async function power(cluster: Cluster, args: readonly string[], signal: AbortSignal): Promise<number> {
  const [node, state] = takeWords(args, 2);
  if (state === "off") await cluster.powerOff(node, signal);
  else if (state === "on") await cluster.powerOn(node, signal);
  else throw new ClusterError("USAGE", USAGE);
  return 0;
}

async function replace(cluster: Cluster, args: readonly string[], signal: AbortSignal): Promise<number> {
  const [node, version] = takeWords(args, 2);
  await cluster.replaceNode(node, parseNodeVersion(version), signal);
  return 0;
}

/** @throws {ClusterError} `USAGE` if there are fewer or more. */
function takeWords(args: readonly string[], count: 1 | 2): readonly [string, string] {
  const [first = "", second = ""] = args;
  if (args.length !== count) throw new ClusterError("USAGE", USAGE);
  return [first, second];
}

/** Runs a command on our own terminal; returns its exit code. */
async function runHere([program = "", ...args]: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, PATH: SYSTEM_PATH } });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function printStep(step: string, ms: number): void {
  console.log(`${seconds(ms).padStart(8)}  ${step}`);
}

async function main([name = "", ...args]: readonly string[]): Promise<number> {
  if (["", "help", "-h", "--help"].includes(name)) {
    console.log(USAGE);
    return name === "" ? 2 : 0;
  }
  const command = COMMANDS[name];
  if (command === undefined) throw new ClusterError("USAGE", USAGE);
  return command(openCluster(printStep), args, shutdownSignal(process));
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof ClusterError && error.code === "USAGE";
  console.error(isUsage ? error.message : `scripts/cluster: ${messageOf(error)}`);
  process.exitCode = isUsage ? 2 : 1;
}
