import { spawn } from "node:child_process";
import { once } from "node:events";
import { messageOf } from "@rcm/lib/errors";
import { shutdownSignal } from "@rcm/lib/shutdown";
import { ClusterError } from "./cluster-error.ts";
import type { Cluster } from "./cluster.ts";
import { openCluster } from "./cluster.ts";
import { parseNodeVersion } from "./node-version.ts";

const USAGE = `usage: scripts/cluster up [--nodes 1.6,1.7,2.1] | down | kubeconfig | exec NODE -- COMMAND… | load ARCHIVE [NODE…]`;

type Command = (cluster: Cluster, args: readonly string[], signal: AbortSignal) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = { up, down, kubeconfig, exec, load };

async function up(cluster: Cluster, args: readonly string[], signal: AbortSignal): Promise<number> {
  const [flag, list = "1.6,1.7,2.1"] = args;
  if (flag !== undefined && flag !== "--nodes") throw new ClusterError("USAGE", USAGE);
  const start = performance.now();
  const made = await cluster.up(list.split(",").map(parseNodeVersion), signal);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(made ? `up in ${seconds} s` : "is up");
  console.log(`export KUBECONFIG=${cluster.kubeconfigPath()}`);
  return 0;
}

async function down(cluster: Cluster, _args: readonly string[], signal: AbortSignal): Promise<number> {
  await cluster.down(signal);
  return 0;
}

async function kubeconfig(cluster: Cluster): Promise<number> {
  await cluster.state();
  console.log(cluster.kubeconfigPath());
  return 0;
}

async function exec(cluster: Cluster, args: readonly string[]): Promise<number> {
  const [node = "", separator, ...command] = args;
  if (separator !== "--" || command.length === 0) throw new ClusterError("USAGE", USAGE);
  const [program = "", ...rest] = [...(await cluster.enter(node)), ...command];
  const child = spawn(program, rest, { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

async function load(cluster: Cluster, args: readonly string[], signal: AbortSignal): Promise<number> {
  const [archive, ...nodes] = args;
  if (archive === undefined) throw new ClusterError("USAGE", USAGE);
  await cluster.loadImage(archive, nodes, signal);
  return 0;
}

function printStep(step: string, ms: number): void {
  console.log(`${(ms / 1000).toFixed(1).padStart(6)} s  ${step}`);
}

const [name = "", ...args] = process.argv.slice(2);
try {
  const command = COMMANDS[name];
  if (command === undefined) throw new ClusterError("USAGE", USAGE);
  process.exitCode = await command(openCluster(printStep), args, shutdownSignal(process));
} catch (error) {
  console.error(`scripts/cluster: ${messageOf(error)}`);
  process.exitCode = error instanceof ClusterError && error.code === "USAGE" ? 2 : 1;
}
