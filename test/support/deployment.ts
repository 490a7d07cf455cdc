import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { packShim } from "../../scripts/pack-shim.ts";
import { MACHINE_ADDRESS } from "../cluster/index.ts";
import type { Cluster } from "../cluster/index.ts";
import { startArtifactServer } from "./artifact-server.ts";
import type { ArtifactServer } from "./artifact-server.ts";
import { eventually } from "./kubectl.ts";
import type { Kubectl } from "./kubectl.ts";

const TOP = join(import.meta.dirname, "../..");
const MINUTES = 60_000;

export const NAMESPACE = "runtime-class-manager";

/** Builds the images for this machine's architecture and gives them to every node. */
export async function buildAndLoad(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const arch = process.arch === "arm64" ? "arm64" : "amd64";
  await promisify(execFile)(join(TOP, "scripts/build"), ["images", "--arch", arch], { timeout: 10 * MINUTES, signal });
  for (const image of ["manager", "node-installer"]) {
    await cluster.loadImage(join(TOP, `dist/images/${image}-${arch}.tar`), [], signal);
  }
}

/** Applies `deploy/` and waits until the manager's replicas are ready. */
export async function applyDeployment(kubectl: Kubectl): Promise<void> {
  await kubectl(["apply", "-k", join(TOP, "deploy")]);
  await kubectl(["wait", "--for=condition=Established", "crd/shims.runtime.spinkube.dev", "--timeout=30s"]);
  await kubectl(["-n", NAMESPACE, "rollout", "status", "deployment/manager", "--timeout=55s"]);
}

/** A shim to install: Debian's real shim of runc under another name, from a server that the nodes reach. */
export interface Artifact {
  readonly url: string;
  readonly path: string;
  /** Of the archive. */
  readonly sha256: string;
  /** Of the executable in it. */
  readonly digest: string;
}

/** @param variant another text makes another digest, as an upgrade has. */
export async function serveShim(server: ArtifactServer, shim: string, variant: string): Promise<Artifact> {
  const folder = await mkdtemp(join(tmpdir(), "rcm-artifact-"));
  try {
    const file = join(folder, "shim.tar.gz");
    const packed = await packShim({ name: `containerd-shim-${shim}`, file, variant }, AbortSignal.timeout(MINUTES));
    const path = `/${shim}-${variant}.tar.gz`;
    server.serve(path, await readFile(file));
    return { url: server.url(path), path, sha256: packed.sha256, digest: packed.binarySha256 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function startNodesServer(): Promise<ArtifactServer> {
  return startArtifactServer(MACHINE_ADDRESS);
}

export interface ShimOptions {
  readonly name: string;
  readonly handler?: string;
  readonly runtimeClass?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly location: string;
  readonly sha256?: string;
  readonly rollout?: object;
  readonly options?: Readonly<Record<string, string>>;
}

/** A Shim as people write it. */
export function shimManifest(shim: ShimOptions): object {
  const { name, handler = name, runtimeClass = name, location, sha256, nodeSelector, rollout, options } = shim;
  const source = { location, ...(sha256 === undefined ? {} : { sha256 }) };
  return {
    apiVersion: "runtime.spinkube.dev/v1alpha1",
    kind: "Shim",
    metadata: { name },
    spec: {
      ...(nodeSelector === undefined ? {} : { nodeSelector }),
      fetchStrategy: { platforms: [{ os: "linux", arch: process.arch === "arm64" ? "arm64" : "amd64", ...source }] },
      ...(options === undefined ? {} : { containerdRuntimeOptions: options }),
      runtimeClass: { name: runtimeClass, handler },
      ...(rollout === undefined ? {} : { rolloutStrategy: rollout }),
    },
  };
}

export interface NodeState {
  readonly name: string;
  readonly state: string;
  readonly reason?: string;
  readonly message?: string;
  readonly digest?: string;
}

export interface ShimJson {
  readonly metadata: { readonly generation: number; readonly deletionTimestamp?: string };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly nodes?: number;
    readonly nodesReady?: number;
    readonly nodeStates?: readonly NodeState[];
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }[];
  };
}

export async function getShim(kubectl: Kubectl, name: string): Promise<ShimJson | undefined> {
  const text = await kubectl(["get", "shim", name, "--ignore-not-found", "-o", "json"]);
  return text.trim() === "" ? undefined : (JSON.parse(text) as ShimJson);
}

/** Waits until the Shim's status speaks of its present spec and `done` says yes. */
export async function waitForShim(
  kubectl: Kubectl,
  name: string,
  timeoutMs: number,
  done: (shim: ShimJson) => boolean,
): Promise<ShimJson> {
  let last: ShimJson | undefined;
  try {
    return await eventually(`Shim ${name}`, timeoutMs, async () => {
      last = await getShim(kubectl, name);
      const current = last !== undefined && last.status?.observedGeneration === last.metadata.generation;
      return current && last !== undefined && done(last) ? last : undefined;
    });
  } catch (error) {
    throw new Error(`Shim ${name} is ${JSON.stringify(last?.status, undefined, 1)}`, { cause: error });
  }
}

export function isProvisioned({ status }: ShimJson): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") === true;
}

/** The word that `kubectl get shims` shows. */
export function reasonOf({ status }: ShimJson): string | undefined {
  return status?.conditions?.find(({ type }) => type === "Ready")?.reason;
}

export function stateOf({ status }: ShimJson, node: string): NodeState | undefined {
  return status?.nodeStates?.find(({ name }) => name === node);
}

/** A pod that prints its kernel's name and stays, on one node, through a RuntimeClass (none: an ordinary pod). */
function podManifest(name: string, node: string, runtimeClass?: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: "rcm-test" } },
    spec: {
      nodeSelector: { "kubernetes.io/hostname": node },
      ...(runtimeClass === undefined ? {} : { runtimeClassName: runtimeClass }),
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: "main",
          image: "localhost/busybox:1",
          imagePullPolicy: "IfNotPresent",
          command: ["sh", "-c", "echo hello from $(hostname); sleep 100000"],
        },
      ],
    },
  };
}

/** Starts a pod and waits until it runs; returns what it said first. */
export async function runPod(kubectl: Kubectl, name: string, node: string, runtimeClass?: string): Promise<string> {
  await kubectl(["create", "-f", "-"], JSON.stringify(podManifest(name, node, runtimeClass)));
  await kubectl(["wait", "--for=condition=Ready", `pod/${name}`, "--timeout=45s"]);
  return eventually(`the log of ${name}`, 15_000, async () => {
    const text = await kubectl(["logs", name]);
    return text === "" ? undefined : text.trim();
  });
}

/** The executable of the shim that runs a pod, as the node's kernel says it. */
export async function shimOf(cluster: Cluster, node: string, pod: string, kubectl: Kubectl): Promise<string> {
  const uid = await kubectl(["get", "pod", pod, "-o", "jsonpath={.metadata.uid}"]);
  const script = `for p in /proc/[0-9]*; do grep -q ${uid.replaceAll("-", "[-_]")} $p/cgroup 2>/dev/null || continue; ppid=$(sed -n 's/^PPid:\\t//p' $p/status); readlink /proc/$ppid/exe; done | grep containerd-shim | sort -u`;
  const { stdout } = await cluster.nodeExec(
    node,
    ["sh", "-c", script],
    { timeoutMs: 20_000 },
    AbortSignal.timeout(20_000),
  );
  return stdout.trim();
}
