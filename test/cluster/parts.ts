import { mkdir } from "node:fs/promises";
import type { GoProgram } from "./go-program.ts";
import { COREDNS, KUBE, buildGoProgram, goExecutable, isBuilt } from "./go-program.ts";
import type { NodeVersion } from "./node-version.ts";
import { installPackages, unpackContainerd } from "./packages.ts";
import type { Progress } from "./progress.ts";
import { timed } from "./progress.ts";

/** The programs of a cluster on this machine. */
export interface Programs {
  /** The executable. */
  readonly kube: string;
  /** The folder it is in, in the shape of a root. */
  readonly kubeLayer: string;
  readonly coredns: string;
}

/**
 * Gets what takes long the first time and nothing later: packages, the containerds of `versions`, Kubernetes, CoreDNS.
 *
 * @throws {ClusterError} `MACHINE_UNFIT` or `COMMAND_FAILED` with the words of apt or the compiler.
 */
export async function makeParts(
  cacheDir: string,
  versions: readonly NodeVersion[],
  progress: Progress,
  signal: AbortSignal,
): Promise<Programs> {
  await mkdir(cacheDir, { recursive: true });
  await timed(progress, "packages", async () => {
    await installPackages(signal);
    for (const version of versions) await layersOf(version, cacheDir, signal);
  });
  const kubeLayer = await build(KUBE, cacheDir, progress, signal);
  const corednsLayer = await build(COREDNS, cacheDir, progress, signal);
  return { kubeLayer, kube: goExecutable(kubeLayer, KUBE), coredns: goExecutable(corednsLayer, COREDNS) };
}

async function build(program: GoProgram, cacheDir: string, progress: Progress, signal: AbortSignal): Promise<string> {
  const step = `${program.name} ${program.version}`;
  if (!(await isBuilt(program, cacheDir))) progress(`${step} must be built first, which takes minutes, once`, 0);
  return timed(progress, step, async () => buildGoProgram(program, cacheDir, signal));
}

/** What of this version lies above the machine's own /usr in a node; the machine's own containerd is 1.6. */
export async function layersOf(version: NodeVersion, cacheDir: string, signal: AbortSignal): Promise<string[]> {
  if (version === "1.6") return [];
  const series = version === "2.1v3" ? "2.1" : version;
  return [await unpackContainerd(series, cacheDir, signal)];
}
