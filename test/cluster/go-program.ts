import { createHash } from "node:crypto";
import { access, mkdir, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { retryDownloads } from "./retry-downloads.ts";
import { runCommand } from "./run-command.ts";

/** A Go program of ours whose source is a folder beside this file. */
export interface GoProgram {
  readonly name: string;
  readonly version: string;
  readonly source: string;
  readonly ldflags: string;
}

const KUBE_VERSION = "1.34.4";

export const KUBE: GoProgram = {
  name: "kube",
  version: KUBE_VERSION,
  source: join(import.meta.dirname, "kube"),
  ldflags: [
    "-s -w",
    `-X k8s.io/component-base/version.gitVersion=v${KUBE_VERSION}`,
    "-X k8s.io/component-base/version.gitMajor=1",
    "-X k8s.io/component-base/version.gitMinor=34",
  ].join(" "),
};

export const COREDNS: GoProgram = {
  name: "coredns",
  version: "1.14.7",
  source: join(import.meta.dirname, "coredns"),
  ldflags: "-s -w",
};

/** For autoscalers; tests that need it build it. */
export const METRICS_SERVER: GoProgram = {
  name: "metrics-server",
  version: "0.8.0",
  source: join(import.meta.dirname, "metrics-server"),
  ldflags: "-s -w",
};

/** Kubernetes takes 4 minutes on 2 cores and more where others build too. */
const BUILD_TIMEOUT_MS = 30 * 60_000;

/**
 * Builds the program unless it was built from the same source before.
 *
 * @returns the folder that holds it as `usr/bin/<name>`, in the shape of a root: a layer for the nodes' /usr.
 * @throws {ClusterError} `COMMAND_FAILED` with the compiler's words.
 */
export async function buildGoProgram(program: GoProgram, cacheDir: string, signal: AbortSignal): Promise<string> {
  const root = await rootOf(program, cacheDir);
  const target = goExecutable(root, program);
  if (await exists(target)) return root;
  const part = `${target}.part`;
  await mkdir(dirname(target), { recursive: true });
  const build = ["go", "build", "-mod=readonly", "-trimpath", "-ldflags", program.ldflags, "-o", part, "."];
  const options = { cwd: program.source, timeoutMs: BUILD_TIMEOUT_MS };
  await retryDownloads(async () => runCommand(build, options, signal)); // What it has downloaded and compiled, it keeps.
  await rename(part, target);
  return root;
}

/** Whether `buildGoProgram` has nothing to do. */
export async function isBuilt(program: GoProgram, cacheDir: string): Promise<boolean> {
  return exists(goExecutable(await rootOf(program, cacheDir), program));
}

async function rootOf(program: GoProgram, cacheDir: string): Promise<string> {
  return join(cacheDir, `${program.name}-${program.version}-${await inputsHash(program)}`);
}

export function goExecutable(root: string, program: GoProgram): string {
  return join(root, "usr/bin", program.name);
}

async function inputsHash({ source, ldflags }: GoProgram): Promise<string> {
  const hash = createHash("sha256").update(ldflags);
  for (const name of ["main.go", "go.mod", "go.sum"]) hash.update(await readFile(join(source, name)));
  return hash.digest("hex").slice(0, 12);
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
