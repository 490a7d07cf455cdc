/** Makes the shim's executables, the archives that a Shim names, and that Shim. */
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packShim } from "../pack-shim.ts";
import { BASE_PACKAGES } from "./base-layer.ts";
import { billOfMaterials, licenseNotices } from "./bill-of-materials.ts";
import type { BuildPlace } from "./build-images.ts";
import type { ProgramInParts } from "./bundle-parts.ts";
import { bundleWithParts } from "./bundle-parts.ts";
import type { ComponentAdapters } from "./component-adapters.ts";
import { componentAdapters } from "./component-adapters.ts";
import type { DebianTree } from "./debian-packages.ts";
import { debianTree } from "./debian-packages.ts";
import { compileLauncher } from "./launcher.ts";
import { nodeRuntime } from "./node-runtime.ts";
import type { BuildOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import { PLATFORMS } from "./platform.ts";
import { nodeCommand } from "./run-node.ts";
import { joinShim } from "./shim-elf.ts";
import { librariesDigest, shimLibraries } from "./shim-libraries.ts";
import type { ShimArtifact } from "./shim-manifest.ts";
import { shimManifest } from "./shim-manifest.ts";
import { shimProgram } from "./shim-program.ts";

const SHIM = "containerd-shim-spin-v2";
/** Of BASE_PACKAGES: what the shim's libraries are from. */
const LIBRARY_PACKAGES = ["gcc-14-base", "libatomic1", "libc6", "libgcc-s1", "libstdc++6"];

export interface BuiltShim extends ShimArtifact {
  readonly file: string;
  /** Bytes of the archive and of the executable in it. */
  readonly size: number;
  readonly binarySize: number;
}

/**
 * Writes into `options.shimOut`, for each architecture, `<name>.tar.gz` with the one executable, `.sha256`, `.cdx.json`
 * (what it is made of) and `.licenses.txt`, and `shim.yaml`.
 *
 * @throws {BuildError} what is missing or failed
 */
export async function buildShim(options: BuildOptions, place: BuildPlace, signal: AbortSignal): Promise<BuiltShim[]> {
  const { root, cache, progress } = place;
  progress("bundle shim");
  const bundle = await bundleWithParts(root, options.shimEntry);
  const adapters = await componentAdapters(cache, signal);
  const work = await mkdtemp(join(cache, "shim-"));
  try {
    await mkdir(options.shimOut, { recursive: true });
    const built: BuiltShim[] = [];
    for (const architecture of options.architectures) {
      const order = { platform: PLATFORMS[architecture], bundle, adapters, options, place, work };
      built.push(await buildFor(order, signal));
    }
    await writeFile(join(options.shimOut, "shim.yaml"), shimManifest(built, options.shimBaseUrl));
    return built;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface ShimOrder {
  readonly platform: Platform;
  readonly bundle: ProgramInParts;
  readonly adapters: ComponentAdapters;
  readonly options: BuildOptions;
  readonly place: BuildPlace;
  readonly work: string;
}

async function buildFor(order: ShimOrder, signal: AbortSignal): Promise<BuiltShim> {
  const { platform, bundle, adapters, options, place, work } = order;
  const { root, cache, nodeVersion, progress } = place;
  const { architecture, npm, triplet } = platform;
  const { refresh, mirror } = options;
  progress(`Node ${nodeVersion} and libraries for ${architecture}`);
  const runtime = await nodeRuntime({ version: nodeVersion, npm, cache }, signal);
  const debian = await debianTree({ architecture, names: BASE_PACKAGES, cache, refresh, mirror }, signal);
  const libraries = await shimLibraries(debian, platform, runtime.executable);
  progress(`compile for ${architecture}`);
  const node = nodeCommand(platform, runtime.executable, debian.root);
  const executable = joinShim({
    node: await readFile(runtime.executable),
    launcher: await compileLauncher(root, platform, work, signal),
    program: await shimProgram(node, { ...bundle, assets: adapters.files }, work, signal),
    libraries,
    folder: `${SHIM}.lib/${librariesDigest(libraries)}`,
  });
  const source = join(work, architecture);
  await writeFile(source, executable);
  const name = `${SHIM}-linux-${triplet.slice(0, triplet.indexOf("-"))}.tar.gz`;
  progress(`pack ${name}`);
  const file = join(options.shimOut, name);
  const { sha256 } = await packShim({ name: SHIM, source, file }, signal);
  await writeFile(`${file}.sha256`, `${sha256}  ${name}\n`);
  const { size } = await stat(file);
  await describe(order, debian, runtime.license, file.replace(/\.tar\.gz$/, ""));
  return { architecture, name, file, sha256, size, binarySize: executable.length };
}

/** Writes what the executable is made of, for scanners and for people. */
async function describe(order: ShimOrder, debian: DebianTree, nodeLicense: string, path: string): Promise<void> {
  const { options, place } = order;
  const npm = [...order.bundle.packages, ...order.adapters.packages];
  const packages = debian.packages.filter(({ name }) => LIBRARY_PACKAGES.includes(name));
  const parts = { image: SHIM, version: options.tag, nodeVersion: place.nodeVersion, debian: packages };
  await writeFile(`${path}.cdx.json`, billOfMaterials({ ...parts, npm }));
  const copyrights = LIBRARY_PACKAGES.map((name) => join(debian.root, "usr/share/doc", name, "copyright"));
  const texts = await Promise.all([nodeLicense, ...copyrights].map(async (file) => await readFile(file, "utf8")));
  await writeFile(`${path}.licenses.txt`, [...texts, licenseNotices(npm)].join(`\n${"=".repeat(80)}\n\n`));
}
