import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lockFile } from "@rcm/lib/flock";
import { bringDown, bringUp, isUp } from "./bring-up.ts";
import { ClusterError } from "./cluster-error.ts";
import { findNode, needState } from "./cluster-state.ts";
import { importImage, loadEverywhere, pushImage } from "./images.ts";
import { addNode, bootAgain, removeNode, replaceNode } from "./members.ts";
import { enterNode, leaderOf, powerOff, runInNode } from "./node-machine.ts";
import type { NodeVersion } from "./node-version.ts";
import { NODE_VERSIONS } from "./node-version.ts";
import { makeParts } from "./parts.ts";
import type { Progress } from "./progress.ts";
import type { CommandOptions, CommandResult } from "./run-command.ts";
import type { ClusterSettings, Layout } from "./settings.ts";
import { currentSettings, layoutOf } from "./settings.ts";

/** Another run may be building Kubernetes. */
const LOCK_TIMEOUT_MS = 40 * 60_000;

/**
 * The one cluster of this machine. Prints nothing. Methods that change it wait for one another, across processes.
 *
 * All throw {@link ClusterError}: `NOT_UP`, `UNKNOWN_NODE`, `DEADLINE_EXCEEDED` and `COMMAND_FAILED` where something goes
 * wrong, with the log to read.
 */
export class Cluster {
  readonly layout: Layout;
  readonly #progress: Progress;

  constructor(settings: ClusterSettings, progress: Progress) {
    this.layout = layoutOf(settings);
    this.#progress = progress;
  }

  /** Downloads and builds all that any cluster or `startApi` needs: minutes the first time, nothing later. */
  async prepare(signal: AbortSignal): Promise<void> {
    const { cacheDir } = this.layout.settings;
    await this.#locked(async () => makeParts(cacheDir, NODE_VERSIONS, this.#progress, signal), signal);
  }

  /** @returns false if it was up already, with whatever nodes. */
  async up(versions: readonly NodeVersion[], signal: AbortSignal): Promise<boolean> {
    return this.#locked(async () => {
      if (await isUp(this.layout)) return false;
      await bringUp(this.layout, versions, this.#progress, signal);
      return true;
    }, signal);
  }

  /** Ends everything and puts the machine back as it was. Does no harm when nothing is up. */
  async down(signal: AbortSignal): Promise<void> {
    await this.#locked(async () => bringDown(this.layout, signal), signal);
  }

  /** Path of the administrator's kubeconfig. */
  async kubeconfigPath(): Promise<string> {
    await needState(this.layout);
    return this.layout.kubeconfig;
  }

  /** JSON lines, one for each request that the API server has answered. */
  get auditLog(): string {
    return join(this.layout.log, "audit.log");
  }

  /** Runs a command in the node as root, whatever its exit code. */
  async nodeExec(
    node: string,
    argv: readonly string[],
    options: CommandOptions,
    signal: AbortSignal,
  ): Promise<CommandResult> {
    await findNode(this.layout, node);
    return runInNode({ layout: this.layout, name: node }, argv, options, signal);
  }

  /** The start of a command line that runs the rest of it in the node. */
  async enter(node: string): Promise<string[]> {
    await findNode(this.layout, node);
    return enterNode(await leaderOf(this.layout, node));
  }

  /** The start of a command line that runs the rest of it in the node's network, with this machine's files. */
  async enterNetwork(node: string): Promise<string[]> {
    await findNode(this.layout, node);
    return ["nsenter", "-t", String(await leaderOf(this.layout, node)), "-n"];
  }

  /** The node's root as seen from outside: another path after each boot. */
  async nodeRoot(node: string): Promise<string> {
    await findNode(this.layout, node);
    return `/proc/${String(await leaderOf(this.layout, node))}/root`;
  }

  /**
   * Imports an OCI or docker archive into containerd's namespace k8s.io: of the named nodes, or without names of every
   * node that is on and every one that boots later.
   */
  async loadImage(archive: string, nodes: readonly string[], signal: AbortSignal): Promise<void> {
    if (nodes.length === 0) return loadEverywhere(this.layout, archive, signal);
    for (const node of nodes) await findNode(this.layout, node);
    await Promise.all(nodes.map(async (node) => importImage(this.layout, node, archive, signal)));
    return undefined;
  }

  /** Pushes an image that the node has to the registry; returns the name to pull. */
  async pushImage(node: string, image: string, signal: AbortSignal): Promise<string> {
    await findNode(this.layout, node);
    return pushImage(this.layout, node, image, signal);
  }

  /** Adds a machine, waits until it is Ready and returns its name. */
  async addNode(version: NodeVersion, signal: AbortSignal): Promise<string> {
    return this.#locked(async () => addNode(this.layout, version, signal), signal);
  }

  /** Destroys a machine; `keep` leaves its Node object, as when a machine is lost. */
  async removeNode(name: string, object: "keep" | "delete", signal: AbortSignal): Promise<void> {
    await this.#locked(async () => removeNode(this.layout, name, object, signal), signal);
  }

  /** Kills everything in the machine at once, as a power cut. Its disk stays. */
  async powerOff(name: string, signal: AbortSignal): Promise<void> {
    await findNode(this.layout, name);
    await powerOff(name, signal);
  }

  /** Boots a machine that is off from its old disk and waits until the node is Ready. */
  async powerOn(name: string, signal: AbortSignal): Promise<void> {
    await this.#locked(async () => bootAgain(this.layout, name, signal), signal);
  }

  /** Puts another machine (new disk, new machine-id) in the place of one, under its name; waits until it is Ready. */
  async replaceNode(name: string, version: NodeVersion, signal: AbortSignal): Promise<void> {
    await this.#locked(async () => replaceNode(this.layout, name, version, signal), signal);
  }

  async #locked<Value>(run: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
    const { cacheDir } = this.layout.settings;
    const path = join(cacheDir, "cluster.lock"); // Not in the cluster's folder, which comes and goes.
    await mkdir(cacheDir, { recursive: true });
    await writeFile(path, "", { flag: "a" });
    const lock = await lockFile(path, LOCK_TIMEOUT_MS, signal);
    if (lock === undefined) throw new ClusterError("BUSY", `Cannot change the cluster: another run holds "${path}"`);
    try {
      return await run();
    } finally {
      await lock.release();
    }
  }
}

/** The machine's cluster, by the environment variables RCM_CLUSTER_DIR and RCM_CACHE. */
export function openCluster(progress: Progress = noProgress): Cluster {
  return new Cluster(currentSettings(), progress);
}

function noProgress(): void {
  // Who wants to see it passes a function.
}
