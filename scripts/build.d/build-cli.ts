/** Makes the executables of the command line: Spin's plug-in, with the manifest by which Spin installs it, and kubectl's. */
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createGzip } from "node:zlib";
import type { Architecture } from "../oci-image.ts";
import { tarStream } from "../tar-stream.ts";
import { writeWhole } from "../write-whole.ts";
import { licenseNotices } from "./bill-of-materials.ts";
import type { BuildPlace } from "./build-images.ts";
import { bundleProgram } from "./bundle.ts";
import { nodeRuntime } from "./node-runtime.ts";
import type { BuildOptions } from "./options.ts";
import { PLATFORMS } from "./platform.ts";
import { pluginManifest } from "./plugin-manifest.ts";
import type { PluginPackage } from "./plugin-manifest.ts";
import { runCommand } from "./run-command.ts";

interface CliProgram {
  /** Of the executable. */
  readonly name: string;
  readonly entry: string;
}

/** Spin runs it for `spin kube`. */
const KUBE: CliProgram = { name: "kube", entry: "cli/main.ts" };
/** kubectl runs it for `kubectl shim`, wherever it is in the PATH. */
const KUBECTL_SHIM: CliProgram = { name: "kubectl-shim", entry: "cli/shims/main.ts" };

/** As Spin calls them. */
const SPIN_NAMES: Readonly<Record<Architecture, PluginPackage["arch"]>> = { amd64: "amd64", arm64: "aarch64" };

export interface BuiltCli extends PluginPackage {
  readonly file: string;
  /** Bytes of the archive and of the executable in it. */
  readonly size: number;
  readonly binarySize: number;
}

/**
 * Writes into `options.cliOut`, for each program and architecture, `<program>-linux-<arch>.tar.gz` with the one
 * executable and `.licenses.txt`, and `kube.json`. The same sources give the same bytes.
 *
 * @param version of the command line
 * @throws {BuildError} what is missing or failed
 */
export async function buildCli(
  options: BuildOptions,
  place: BuildPlace & { readonly version: string },
  signal: AbortSignal,
): Promise<BuiltCli[]> {
  await mkdir(options.cliOut, { recursive: true });
  const kube = await buildProgram(KUBE, options, place, signal);
  const manifest = pluginManifest(kube, place.version, options.cliBaseUrl);
  await writeFile(join(options.cliOut, `${KUBE.name}.json`), manifest);
  return [...kube, ...(await buildProgram(KUBECTL_SHIM, options, place, signal))];
}

async function buildProgram(
  { name, entry }: CliProgram,
  options: BuildOptions,
  place: BuildPlace,
  signal: AbortSignal,
): Promise<BuiltCli[]> {
  const { root, cache, progress } = place;
  progress(`bundle ${name}`);
  const { code, packages } = await bundleProgram(root, entry, "cjs");
  const work = await mkdtemp(join(cache, "cli-"));
  try {
    const notices = licenseNotices(packages);
    const built: BuiltCli[] = [];
    for (const architecture of options.architectures) {
      built.push(await buildFor({ program: name, architecture, code, notices, options, place, work }, signal));
    }
    return built;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface CliOrder {
  readonly program: string;
  readonly architecture: Architecture;
  readonly code: Uint8Array;
  readonly notices: string;
  readonly options: BuildOptions;
  readonly place: BuildPlace;
  readonly work: string;
}

async function buildFor(order: CliOrder, signal: AbortSignal): Promise<BuiltCli> {
  const { program, architecture, notices, options, place } = order;
  const { cache, nodeVersion, progress } = place;
  const { npm } = PLATFORMS[architecture];
  progress(`Node ${nodeVersion} for ${architecture}`);
  const runtime = await nodeRuntime({ version: nodeVersion, npm, cache }, signal);
  const content = await joinWithNode(order, runtime.executable, signal);
  const arch = SPIN_NAMES[architecture];
  const name = `${program}-linux-${arch}.tar.gz`;
  progress(`pack ${name}`);
  const file = join(options.cliOut, name);
  const entries = [{ kind: "file", path: program, content, mode: 0o755 }] as const;
  await writeWhole(file, tarStream(entries), [createGzip({ level: 9 })], signal);
  const licenses = [await readFile(runtime.license, "utf8"), notices].join(`\n${"=".repeat(80)}\n\n`);
  await writeFile(file.replace(/\.tar\.gz$/, ".licenses.txt"), licenses);
  const sha256 = createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
  return { arch, name, sha256, file, size: (await stat(file)).size, binarySize: content.length };
}

/** Node, of any architecture, with the program in it. Its code is not compiled, so no Node of that one is needed. */
async function joinWithNode(
  { program, architecture, code, work }: CliOrder,
  node: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const output = `${program}-${architecture}`;
  const executable = `node-${architecture}`;
  const settings = { main: `${program}.cjs`, output, executable, disableExperimentalSEAWarning: true };
  await writeFile(join(work, settings.main), code);
  await copyFile(node, join(work, executable));
  await writeFile(join(work, `${output}.json`), JSON.stringify(settings));
  await runCommand(process.execPath, ["--build-sea", `${output}.json`], { cwd: work }, signal);
  return readFile(join(work, output));
}
