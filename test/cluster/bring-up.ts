import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { API_PORT, API_SERVICE_ADDRESS, MACHINE_ADDRESS, SERVICE_SUBNET } from "./addresses.ts";
import type { Api } from "./api.ts";
import { packBaseImages } from "./base-images.ts";
import { makeGroup, removeGroup } from "./cgroups.ts";
import { ClusterError } from "./cluster-error.ts";
import { needState, readState, writeState } from "./cluster-state.ts";
import type { Plane } from "./control-plane.ts";
import {
  makeCredentials,
  startApiServer,
  startControllerManager,
  startEtcd,
  startScheduler,
  waitForApi,
} from "./control-plane.ts";
import { findDaemon } from "./daemon.ts";
import { LAN_DAEMON, makeLan, removeLan } from "./lan.ts";
import { assertFit, assertOurs, ownedMark } from "./machine-fit.ts";
import { publishDns, startDns, startRegistry, waitForServices } from "./machine-services.ts";
import { lowerOf, withApi } from "./members.ts";
import type { NodeSpec } from "./node-files.ts";
import { bootNode, createNode, joinCluster } from "./node-life.ts";
import type { NodeVersion } from "./node-version.ts";
import type { Programs } from "./parts.ts";
import { makeParts } from "./parts.ts";
import type { Progress } from "./progress.ts";
import { timed } from "./progress.ts";
import type { Layout } from "./settings.ts";
import { layoutOf } from "./settings.ts";

const PLANE_GROUP = "plane";
const PLANE_DAEMONS = [LAN_DAEMON, "etcd", "apiserver", "controller-manager", "scheduler", "coredns", "registry"];

/** Says which folder the machine's one cluster is in. */
const MARKER = "/run/rcm-cluster.dir";

/** Whether it was made to the end and its programs on the machine run. Its nodes may be off. */
export async function isUp(layout: Layout): Promise<boolean> {
  if ((await readState(layout))?.phase !== "made") return false;
  const pids = await Promise.all(PLANE_DAEMONS.map(async (name) => findDaemon(layout.run, name)));
  return pids.every((pid) => pid !== undefined);
}

/** Makes the cluster from nothing; what an earlier one left is removed first. */
export async function bringUp(
  layout: Layout,
  versions: readonly NodeVersion[],
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { dir } = layout.settings;
  await assertOnlyOne(layout);
  await assertOurs(dir);
  await assertFit(dir);
  const programs = await makeParts(layout.settings.cacheDir, versions, progress, signal);
  await timed(progress, "leftovers removed", async () => bringDown(layout, signal));
  await mkdir(dir, { recursive: true });
  await writeFile(ownedMark(dir), "");
  await writeFile(MARKER, dir);
  const plane = planeOf(layout, programs, await makeGroup(PLANE_GROUP));
  const lan = await timed(progress, "network", async () => makeLan(plane.daemons, signal));
  await timed(progress, "certificates and images", async () => {
    await Promise.all([makeCredentials(plane, signal), packBaseImages(layout.images, signal)]);
  });
  const nodes = versions.map((version, at): NodeSpec => ({ name: `node${String(at + 1)}`, index: at + 1, version }));
  const { kube, kubeLayer } = programs;
  await writeState(layout, { phase: "making", kube, kubeLayer, nodes, lastIndex: nodes.length });
  await withApi(layout, async (api) => {
    const planeUp = timed(progress, "control plane, DNS, registry", async () =>
      startPlane(layout, plane, { api, programs }, signal),
    );
    const start = { lan, api, planeUp, progress };
    await allOf([planeUp, ...nodes.map(async (node) => startNode(layout, node, start, signal))]);
  });
  await writeState(layout, { ...(await needState(layout)), phase: "made" });
}

/** Ends everything and puts the machine back as it was. Does no harm when nothing is up. */
export async function bringDown(layout: Layout, signal: AbortSignal): Promise<void> {
  await assertOnlyOne(layout);
  await assertOurs(layout.settings.dir);
  await removeGroup("", signal);
  await removeLan(signal);
  await rm(layout.settings.dir, { recursive: true, force: true });
  await rm(MARKER, { force: true });
}

async function assertOnlyOne({ settings }: Layout): Promise<void> {
  const dir = (await readFile(MARKER, "utf8").catch(() => "")).trim();
  if (dir === "" || dir === settings.dir || !(await isUp(layoutOf({ ...settings, dir })))) return;
  throw new ClusterError(
    "BUSY",
    `Cannot use "${settings.dir}": this machine's cluster is in "${dir}"; RCM_CLUSTER_DIR=${dir} names it`,
  );
}

function planeOf(layout: Layout, { kube }: Programs, groups: readonly string[]): Plane {
  return {
    kube,
    dir: layout.settings.dir,
    address: MACHINE_ADDRESS,
    apiPort: API_PORT,
    etcdPort: 2379,
    etcdPeerPort: 2380,
    serviceSubnet: SERVICE_SUBNET,
    serviceAddress: API_SERVICE_ADDRESS,
    daemons: { logDir: layout.log, pidDir: layout.run, groups },
  };
}

interface PlaneNeeds {
  readonly api: Api;
  readonly programs: Programs;
}

async function startPlane(
  layout: Layout,
  plane: Plane,
  { api, programs }: PlaneNeeds,
  signal: AbortSignal,
): Promise<void> {
  await startRegistry(layout, plane.daemons);
  await startEtcd(plane);
  await startApiServer(plane);
  await waitForApi(plane, api, signal);
  await startControllerManager(plane);
  await startScheduler(plane);
  await startDns(layout, programs.coredns, plane.daemons);
  await publishDns(api, signal);
  await waitForServices(layout, signal);
}

interface NodeStart {
  readonly lan: number;
  readonly api: Api;
  /** A node may boot before, but not join. */
  readonly planeUp: Promise<void>;
  readonly progress: Progress;
}

async function startNode(layout: Layout, node: NodeSpec, start: NodeStart, signal: AbortSignal): Promise<void> {
  const { name, version } = node;
  const { lan, progress } = start;
  await timed(progress, `${name} booted (containerd ${version})`, async () => {
    await createNode(layout, node, signal);
    await bootNode(layout, node, { lan, lower: await lowerOf(layout, node, signal) }, signal);
  });
  await start.planeUp;
  await timed(progress, `${name} Ready`, async () => joinCluster(layout, name, start.api, signal));
}

/** Waits for all, also when one fails: nothing goes on behind our back. */
async function allOf(promises: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
