import { randomBytes } from "node:crypto";
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MACHINE_ADDRESS, MAX_NODES, nodeAddress, podSubnet } from "./addresses.ts";
import { makeGroup, readHierarchies, removeGroup } from "./cgroups.ts";
import { ClusterError } from "./cluster-error.ts";
import { findDaemon, startDaemon } from "./daemon.ts";
import type { NodeSpec } from "./node-files.ts";
import { nodeFiles } from "./node-files.ts";
import { SYSTEM_PATH } from "./packages.ts";
import { pollUntil } from "./poll-until.ts";
import type { CommandOptions, CommandResult } from "./run-command.ts";
import { tryCommand } from "./run-command.ts";
import type { Layout } from "./settings.ts";

const BOOT_TIMEOUT_MS = 30_000;

/** What a node's machine is made of, besides its disk. */
export interface MachineParts {
  /** Folders that lie below its /usr, top first; the machine's own /usr is below all. */
  readonly lower: readonly string[];
  /** Process that holds the network. */
  readonly lan: number;
}

/** Makes the disk of a new machine with an identity of its own. `pki`: names in our folder to names in /etc/kubernetes. */
export async function makeDisk(layout: Layout, node: NodeSpec, pki: Readonly<Record<string, string>>): Promise<void> {
  const disk = diskOf(layout, node.name);
  await rm(disk, { recursive: true, force: true });
  const seed = join(disk, "seed");
  for (const file of nodeFiles(node, randomBytes(16).toString("hex"))) {
    const path = join(seed, file.path);
    await mkdir(dirname(path), { recursive: true });
    if ("target" in file) await symlink(file.target, path);
    else await writeFile(path, file.content, { mode: file.mode ?? 0o644 });
  }
  for (const [from, to] of Object.entries(pki)) {
    await copyFile(join(layout.pki, from), join(seed, "etc/kubernetes", to));
  }
}

/** Destroys the disk. The machine must be off. */
export async function removeDisk(layout: Layout, name: string): Promise<void> {
  await rm(diskOf(layout, name), { recursive: true, force: true });
}

function diskOf(layout: Layout, name: string): string {
  return join(layout.nodes, name);
}

/** Boots a machine from its disk; returns when its systemd has started containerd. */
export async function powerOn(layout: Layout, node: NodeSpec, parts: MachineParts, signal: AbortSignal): Promise<void> {
  const groups = await makeGroup(node.name);
  const hierarchies = await readHierarchies();
  const others = Array.from({ length: MAX_NODES }, (_, at) => at + 1).filter((index) => index !== node.index);
  const env = {
    PATH: SYSTEM_PATH,
    NODE: node.name,
    ADDRESS: nodeAddress(node.index),
    GATEWAY: MACHINE_ADDRESS,
    PEERS: others.map((index) => `${podSubnet(index)} ${nodeAddress(index)}`).join("\n"),
    DISK: diskOf(layout, node.name),
    LOWER: parts.lower.join(":"),
    CACHE: layout.settings.cacheDir,
    LAN: String(parts.lan),
    GROUPS_OF_NODE: groups.join(" "),
    HIERARCHIES: hierarchies.map(({ path, type, options }) => `${path} ${type} ${options}`).join("\n"),
  };
  const script = join(import.meta.dirname, "node-boot.sh");
  await startDaemon(node.name, ["sh", script, "join"], { logDir: layout.log, pidDir: layout.run, env });
  const see = join(layout.log, `${node.name}.log`);
  await pollUntil(
    { what: `${node.name} to boot`, timeoutMs: BOOT_TIMEOUT_MS, see },
    async (polling) => {
      if ((await findDaemon(layout.run, node.name)) === undefined) {
        throw new ClusterError("COMMAND_FAILED", `Cannot boot ${node.name}: its machine ended`);
      }
      const { stdout } = await runInNode(
        { layout, name: node.name },
        ["systemctl", "is-system-running"],
        { timeoutMs: 5000 },
        polling,
      );
      return ["running", "degraded"].includes(stdout.trim()) ? true : undefined;
    },
    signal,
  );
}

/** Kills everything in the machine at once, as a power cut does. Its disk stays. */
export async function powerOff(name: string, signal: AbortSignal): Promise<void> {
  await removeGroup(name, signal);
}

/** The first process of the machine (its systemd), as a number of ours; undefined if the machine is off. */
export async function findLeader(layout: Layout, name: string): Promise<number | undefined> {
  const pid = await findDaemon(layout.run, name);
  if (pid === undefined) return undefined;
  const children = await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, "utf8").catch(() => "");
  const leader = children.trim().split(" ")[0] ?? "";
  const comm = await readFile(`/proc/${leader}/comm`, "utf8").catch(() => "");
  return comm.trim() === "systemd" ? Number(leader) : undefined;
}

/** @throws {ClusterError} `NOT_UP` if the machine is off. */
export async function leaderOf(layout: Layout, name: string): Promise<number> {
  const leader = await findLeader(layout, name);
  if (leader !== undefined) return leader;
  throw new ClusterError("NOT_UP", `Cannot reach ${name}: its machine is off`);
}

/** Where a command of a node begins: append the command. Nothing of our environment gets in. */
export function enterNode(leader: number): string[] {
  return ["nsenter", "-t", String(leader), "-a", "env", "-i", `PATH=${SYSTEM_PATH}`, "HOME=/root", "LANG=C.UTF-8"];
}

/**
 * Runs a command in the node as root, to its end, whatever its exit code.
 *
 * @throws {ClusterError} `NOT_UP` if the machine is off; as `tryCommand`.
 */
export async function runInNode(
  { layout, name }: NodePlace,
  argv: readonly string[],
  options: CommandOptions,
  signal: AbortSignal,
): Promise<CommandResult> {
  const leader = await leaderOf(layout, name);
  return tryCommand([...enterNode(leader), ...argv], options, signal);
}

/** A node, for a command. */
export interface NodePlace {
  readonly layout: Layout;
  readonly name: string;
}
