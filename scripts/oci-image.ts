/**
 * Packs layers as an OCI image in an archive (OCI image layout in a tar) without a container engine. `ctr image import`,
 * `skopeo copy oci-archive:` and, by the additional manifest.json, `docker load` take it.
 *
 * @see {@link https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md}
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { BuildError } from "./build-error.ts";
import type { Layer } from "./tar-layer.ts";
import type { TarEntry } from "./tar-stream.ts";
import { tarStream } from "./tar-stream.ts";
import { writeWhole } from "./write-whole.ts";

/** As in Go and Kubernetes: `kubernetes.io/arch`. */
export type Architecture = "amd64" | "arm64";

/** What runs in the image; the keys are those of the OCI image configuration. */
export interface ImageConfig {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
}

export interface Image {
  /** With registry and tag: `localhost/rcm/manager:0.1.0`. */
  readonly name: string;
  readonly architecture: Architecture;
  readonly config: ImageConfig;
  /** Lowest first. */
  readonly layers: readonly Layer[];
  /** The archive to write; its folder is made. */
  readonly file: string;
}

export interface PackedImage {
  readonly file: string;
  readonly name: string;
  /** Of the manifest, `sha256:<hex>`: what `NAME@sha256:…` in a pod means. */
  readonly digest: string;
  /** Compressed bytes of layers, configuration and manifest: what a node pulls. */
  readonly size: number;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const INDEX = "application/vnd.oci.image.index.v1+json";

/**
 * Writes the archive of one image for one platform (temp file, then rename). The same layers and configuration give the
 * same bytes.
 *
 * @throws {BuildError} `LAYER_INVALID` if there is no layer or the name has no tag; `ENTRY_INVALID` if a layer's file
 *   changes meanwhile.
 */
export async function packImage(image: Image, signal: AbortSignal): Promise<PackedImage> {
  const tag = tagOf(image);
  const config = jsonBlob(CONFIG, imageConfig(image));
  const layers = image.layers.map(({ digest, size }): Descriptor => ({ mediaType: LAYER, digest, size }));
  const manifest = jsonBlob(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config: config.descriptor, layers });
  const index = {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: [
      {
        ...manifest.descriptor,
        platform: { architecture: image.architecture, os: "linux" },
        annotations: { "io.containerd.image.name": image.name, "org.opencontainers.image.ref.name": tag },
      },
    ],
  };
  const forDocker = [
    {
      Config: blobPath(config.descriptor),
      RepoTags: [image.name],
      Layers: image.layers.map((layer) => blobPath(layer)),
    },
  ];
  const entries = [
    jsonFile("oci-layout", { imageLayoutVersion: "1.0.0" }),
    jsonFile("index.json", index),
    jsonFile("manifest.json", forDocker),
    config.entry,
    manifest.entry,
    ...layerEntries(image.layers),
  ];
  await writeWhole(image.file, tarStream(entries), [], signal);
  const size = [config.descriptor, manifest.descriptor, ...layers].reduce((sum, blob) => sum + blob.size, 0);
  return { file: image.file, name: image.name, digest: manifest.descriptor.digest, size };
}

function tagOf({ name, layers }: Image): string {
  const tag = /:([\w][\w.-]{0,127})$/.exec(name)?.[1];
  if (tag === undefined) throw new BuildError("LAYER_INVALID", `Cannot pack image "${name}": its name has no tag`);
  if (layers.length === 0) throw new BuildError("LAYER_INVALID", `Cannot pack image "${name}": it has no layer`);
  return tag;
}

function imageConfig({ architecture, config, layers }: Image): unknown {
  return {
    created: new Date(0).toISOString(),
    architecture,
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
  };
}

/** A layer that is there twice (two times the same content) is one blob. */
function layerEntries(layers: readonly Layer[]): TarEntry[] {
  const files = new Map(layers.map((layer) => [blobPath(layer), layer.file]));
  return [...files].map(([path, source]) => ({ kind: "file", path, source, mode: 0o644 }));
}

function jsonBlob(mediaType: string, value: unknown): { descriptor: Descriptor; entry: TarEntry } {
  const content = Buffer.from(JSON.stringify(value));
  const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
  const descriptor = { mediaType, digest, size: content.length };
  return { descriptor, entry: { kind: "file", path: blobPath(descriptor), content, mode: 0o644 } };
}

function jsonFile(path: string, value: unknown): TarEntry {
  return { kind: "file", path, content: JSON.stringify(value), mode: 0o644 };
}

function blobPath({ digest }: { readonly digest: string }): string {
  return `blobs/${digest.replace(":", "/")}`;
}
