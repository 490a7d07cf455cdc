import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { API_PORT, API_SERVICE_ADDRESS, API_URL, MACHINE_ADDRESS, SERVICE_SUBNET } from "./addresses.ts";
import type { Api } from "./api.ts";
import { connectApi } from "./api.ts";
import { packBaseImages } from "./base-images.ts";
import { makeGroup, removeGroup } from "./cgroups.ts";
import { ClusterError } from "./cluster-error.ts";
import type { ClusterState } from "./cluster-state.ts";
import { readState, writeState } from "./cluster-state.ts";
import type { Plane } from "./control-plane.ts";
import {
  makeCredentials,
  startApiServer,
  startControllerManager,
  startEtcd,
  startScheduler,
  waitForApi,
} from "./control-plane.ts";
import type { DaemonOptions } from "./daemon.ts";
import { findDaemon } from "./daemon.ts";
import type { GoProgram } from "./go-program.ts";
import { COREDNS, KUBE, buildGoProgram, goExecutable } from "./go-program.ts";
import { LAN_DAEMON, makeLan, removeLan } from "./lan.ts";
import { publishDns, startDns, startRegistry, waitForServices } from "./machine-services.ts";
import type { NodeSpec } from "./node-files.ts";
import { bootNode, createNode, importImage, joinCluster } from "./node-life.ts";
import { enterNode, leaderOf, runInNode } from "./node-machine.ts";
import type { NodeVersion } from "./node-version.ts";
import { installPackages, unpackContainerd } from "./packages.ts";
import type { CommandOptions, CommandResult } from "./run-command.ts";
import type { ClusterSettings, Layout } from "./settings.ts";
import { currentSettings, layoutOf } from "./settings.ts";

/** Told of each step when it is done, with the milliseconds that it took. */
export type Progress = (step: string, ms: number) => void;

const PLANE_GROUP = "plane";
const PLANE_DAEMONS = [LAN_DAEMON, "etcd", "apiserver", "controller-manager", "scheduler", "coredns", "registry"];

/** Says which folder the machine's one cluster is in. */
const MARKER = "/run/rcm-cluster.dir";

/** The cluster of this machine. Prints nothing. */
export class Cluster {
  readonly layout: Layout;
  readonly #progress: Progress;

  constructor(settings: ClusterSettings, progress: Progress) {
    this.layout = layoutOf(settings);
    this.#progress = progress;
  }

  /** @returns false if it was up already. */
  async up(versions: readonly NodeVersion[], signal: AbortSignal): Promise<boolean> {
    if (await this.isUp()) return false;
    await this.#assertOnlyOne();
    const made = await this.#make(versions, signal);
    await this.#step("leftovers removed", async () => this.down(signal));
    const { dir } = this.layout.settings;
    await mkdir(dir, { recursive: true });
    await writeFile(MARKER, dir);
    const plane = this.#plane(made.kube, await makeGroup(PLANE_GROUP));
    const lan = await this.#step("network", async () => makeLan(plane.daemons, signal));
    await this.#step("certificates", async () => makeCredentials(plane, signal));
    const nodes = versions.map((version, at): NodeSpec => ({ name: `node${String(at + 1)}`, index: at + 1, version }));
    const { kube, kubeLayer } = made;
    await writeState(this.layout, { schema: 1, kube, kubeLayer, nodes, lastIndex: nodes.length });
    const archives = await packBaseImages(this.layout.images, signal);
    const api = await connectApi(API_URL, this.layout.pki, "cluster");
    try {
      const planeUp = this.#startPlane(plane, made.coredns, api, signal);
      await all([
        planeUp,
        ...nodes.map(async (node) => this.#startNode(node, { lan, archives, planeUp, api }, signal)),
      ]);
    } finally {
      await api.close();
    }
    return true;
  }

  async isUp(): Promise<boolean> {
    if ((await readState(this.layout)) === undefined) return false;
    const daemons = await Promise.all(PLANE_DAEMONS.map(async (name) => findDaemon(this.layout.run, name)));
    return daemons.every((pid) => pid !== undefined);
  }

  /** Ends everything and puts the machine back as it was. Does no harm when nothing is up. */
  async down(signal: AbortSignal): Promise<void> {
    await removeGroup("", signal);
    await removeLan(signal);
    await rm(this.layout.settings.dir, { recursive: true, force: true });
    await rm(MARKER, { force: true });
  }

  kubeconfigPath(): string {
    return this.layout.kubeconfig;
  }

  /** @throws {ClusterError} `NOT_UP`. */
  async state(): Promise<ClusterState> {
    const state = await readState(this.layout);
    if (state !== undefined) return state;
    throw new ClusterError("NOT_UP", `Cannot use the cluster in "${this.layout.settings.dir}": none is up`);
  }

  /** Runs a command in the node, whatever its exit code. */
  async nodeExec(
    node: string,
    argv: readonly string[],
    options: CommandOptions,
    signal: AbortSignal,
  ): Promise<CommandResult> {
    await this.#find(node);
    return runInNode(this.layout, node, argv, options, signal);
  }

  /** The start of a command line that runs the rest of it in the node. */
  async enter(node: string): Promise<string[]> {
    await this.#find(node);
    return enterNode(await leaderOf(this.layout, node));
  }

  /** The node's root as seen from outside. Another path after each boot. */
  async nodeRoot(node: string): Promise<string> {
    await this.#find(node);
    return `/proc/${String(await leaderOf(this.layout, node))}/root`;
  }

  /** Imports an OCI or docker archive into the nodes (all of them unless told). */
  async loadImage(archive: string, names: readonly string[], signal: AbortSignal): Promise<void> {
    const all = (await this.state()).nodes.map(({ name }) => name);
    for (const name of names) await this.#find(name);
    const targets = names.length === 0 ? all : names;
    await Promise.all(targets.map(async (name) => importImage(this.layout, name, archive, signal)));
  }

  async #find(name: string): Promise<NodeSpec> {
    const { nodes } = await this.state();
    const node = nodes.find((known) => known.name === name);
    if (node !== undefined) return node;
    const known = nodes.map((one) => one.name).join(", ");
    throw new ClusterError("UNKNOWN_NODE", `Cannot find node "${name}": there are ${known}`);
  }

  /** Packages, programs and containerds: what takes long the first time and nothing later. */
  async #make(versions: readonly NodeVersion[], signal: AbortSignal): Promise<Made> {
    const { cacheDir } = this.layout.settings;
    await mkdir(cacheDir, { recursive: true });
    await this.#step("packages", async () => installPackages(signal));
    for (const version of new Set(versions)) await this.#lower(version, signal);
    const build = async (program: GoProgram): Promise<string> =>
      this.#step(`${program.name} ${program.version}`, async () => buildGoProgram(program, cacheDir, signal));
    const kubeLayer = await build(KUBE);
    const coredns = goExecutable(await build(COREDNS), COREDNS);
    return { kubeLayer, kube: goExecutable(kubeLayer, KUBE), coredns };
  }

  async #lower(version: NodeVersion, signal: AbortSignal): Promise<string[]> {
    if (version === "1.6") return [];
    const series = version === "2.1v3" ? "2.1" : version;
    return [`${await unpackContainerd(series, this.layout.settings.cacheDir, signal)}/usr`];
  }

  async #startPlane(plane: Plane, coredns: string, api: Api, signal: AbortSignal): Promise<void> {
    await this.#step("control plane", async () => {
      await startRegistry(this.layout, plane.daemons);
      await startEtcd(plane);
      await startApiServer(plane);
      await waitForApi(plane, api, signal);
      await startControllerManager(plane);
      await startScheduler(plane);
      await startDns(this.layout, coredns, plane.daemons);
      await publishDns(api, signal);
      await waitForServices(this.layout, signal);
    });
  }

  async #startNode(node: NodeSpec, start: NodeStart, signal: AbortSignal): Promise<void> {
    const { kubeLayer } = await this.state();
    const lower = [...(await this.#lower(node.version, signal)), `${kubeLayer}/usr`];
    await this.#step(`${node.name} booted (containerd ${node.version})`, async () => {
      await createNode(this.layout, node, signal);
      await bootNode(this.layout, node, { lower, lan: start.lan, archives: start.archives }, signal);
    });
    await start.planeUp;
    await this.#step(`${node.name} ready`, async () => joinCluster(this.layout, node.name, start.api, signal));
  }

  async #assertOnlyOne(): Promise<void> {
    const dir = (await readFile(MARKER, "utf8").catch(() => "")).trim();
    if (dir === "" || dir === this.layout.settings.dir) return;
    const other = new Cluster({ ...this.layout.settings, dir }, this.#progress);
    if (!(await other.isUp())) return;
    throw new ClusterError("BUSY", `Cannot bring a cluster up: one is up in "${dir}"; RCM_CLUSTER_DIR=${dir} names it`);
  }

  #plane(kube: string, groups: readonly string[]): Plane {
    const daemons: DaemonOptions = { logDir: this.layout.log, pidDir: this.layout.run, groups };
    return {
      kube,
      dir: this.layout.settings.dir,
      address: MACHINE_ADDRESS,
      apiPort: API_PORT,
      etcdPort: 2379,
      etcdPeerPort: 2380,
      serviceSubnet: SERVICE_SUBNET,
      serviceAddress: API_SERVICE_ADDRESS,
      daemons,
    };
  }

  async #step<Value>(name: string, run: () => Promise<Value>): Promise<Value> {
    const start = performance.now();
    const value = await run();
    this.#progress(name, performance.now() - start);
    return value;
  }
}

interface Made {
  readonly kube: string;
  readonly kubeLayer: string;
  readonly coredns: string;
}

interface NodeStart {
  readonly lan: number;
  readonly archives: readonly string[];
  readonly planeUp: Promise<void>;
  readonly api: Api;
}

/** Waits for all, also when one fails: nothing goes on behind our back. */
async function all(promises: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** The machine's cluster, by the environment variables RCM_CLUSTER_DIR and RCM_CACHE. */
export function openCluster(progress: Progress = () => undefined): Cluster {
  return new Cluster(currentSettings(), progress);
}
