/** Gathers the layers of every wanted image and packs them. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { PackedImage } from "../oci-image.ts";
import { packImage } from "../oci-image.ts";
import type { Layer } from "../tar-layer.ts";
import { packLayer } from "../tar-layer.ts";
import type { TarEntry } from "../tar-stream.ts";
import { BASE_PACKAGES, baseEntries } from "./base-layer.ts";
import { billOfMaterials } from "./bill-of-materials.ts";
import type { SplitBundle } from "./bundle.ts";
import { bundleInParts } from "./bundle.ts";
import type { DebianTree } from "./debian-packages.ts";
import { debianTree } from "./debian-packages.ts";
import { nodeLayer } from "./node-layer.ts";
import { nodeRuntime } from "./node-runtime.ts";
import type { BuildOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import { PLATFORMS } from "./platform.ts";
import { programFiles } from "./program-files.ts";
import type { ImageName } from "./programs.ts";
import { imageConfig, PROGRAMS } from "./programs.ts";

export interface BuildPlace {
  /** The checkout. */
  readonly root: string;
  /** Where downloads and the layer with Node are kept. */
  readonly cache: string;
  /** Version of the npm package `node`. */
  readonly nodeVersion: string;
  /** Hears a line for each thing that takes time. */
  readonly progress: (line: string) => void;
}

/** What all images of one platform stand on. */
interface Foundation {
  readonly platform: Platform;
  readonly debian: DebianTree;
  readonly layers: readonly Layer[];
}

/**
 * Writes `<out>/<image>-<architecture>.tar` for each image and architecture.
 *
 * @throws {BuildError} what is missing or failed
 */
export async function buildImages(
  options: BuildOptions,
  place: BuildPlace,
  signal: AbortSignal,
): Promise<PackedImage[]> {
  const bundles = new Map<ImageName, SplitBundle>();
  for (const image of options.images) {
    place.progress(`bundle ${image}`);
    bundles.set(image, await bundleInParts(place.root, PROGRAMS[image].entry, image));
  }
  const work = await mkdtemp(join(place.cache, "build-"));
  try {
    const packed: PackedImage[] = [];
    for (const architecture of options.architectures) {
      const foundation = await layFoundation(PLATFORMS[architecture], options, { ...place, work }, signal);
      for (const [image, bundle] of bundles) {
        packed.push(await packProgram({ image, bundle, foundation, options, place, work }, signal));
      }
    }
    return packed;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function layFoundation(
  platform: Platform,
  { refresh, mirror }: BuildOptions,
  { cache, nodeVersion, progress, work }: BuildPlace & { readonly work: string },
  signal: AbortSignal,
): Promise<Foundation> {
  const { architecture, npm } = platform;
  progress(`Node ${nodeVersion} for ${architecture}`);
  const runtime = await nodeRuntime({ version: nodeVersion, npm, cache }, signal);
  const node = await nodeLayer(runtime, cache, signal);
  progress(`libraries for ${architecture}`);
  const debian = await debianTree({ architecture, names: BASE_PACKAGES, cache, refresh, mirror }, signal);
  const entries = await baseEntries(debian, platform, runtime.executable);
  const base = await packLayer(entries, join(work, `base-${architecture}.tar.gz`), signal);
  return { platform, debian, layers: [base, node] };
}

interface PackOrder {
  readonly image: ImageName;
  readonly bundle: SplitBundle;
  readonly foundation: Foundation;
  readonly options: BuildOptions;
  readonly place: BuildPlace;
  readonly work: string;
}

async function packProgram(order: PackOrder, signal: AbortSignal): Promise<PackedImage> {
  const { image, foundation, options, place, work } = order;
  const { architecture } = foundation.platform;
  const program = await packLayer(programEntries(order), join(work, `${image}-${architecture}.tar.gz`), signal);
  const origins = {
    version: options.tag,
    nodeVersion: place.nodeVersion,
    debianPackages: foundation.debian.packages.map(({ name, version }) => `${name}=${version}`).join(" "),
  };
  const packed = await packImage(
    {
      name: `${options.registry}/${image}:${options.tag}`,
      architecture,
      config: imageConfig(image, origins),
      layers: [...foundation.layers, program],
      file: join(options.out, `${image}-${architecture}.tar`),
    },
    signal,
  );
  place.progress(`image ${image}-${architecture}`);
  return packed;
}

function programEntries({ image, bundle, foundation, options, place }: PackOrder): TarEntry[] {
  const bill = billOfMaterials({
    image,
    version: options.tag,
    nodeVersion: place.nodeVersion,
    debian: foundation.debian.packages,
    npm: bundle.packages,
  });
  return [
    ...programFiles(bundle),
    { kind: "file", path: `usr/share/sbom/${image}.cdx.json`, content: bill, mode: 0o644 },
  ];
}
