import { createHash } from "node:crypto";
import { tarStream } from "../../scripts/tar-stream.ts";
import type { TarEntry } from "../../scripts/tar-stream.ts";

const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** A blob, and what it is. */
export interface Part {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** An image or artifact, whole. */
export interface OciImage {
  readonly config: Part;
  readonly layers: readonly Part[];
  readonly manifest: Part;
}

/** An ordinary image that has a component as its file and its program. @param env as `NAME=value`. */
export async function fileImage(wasm: Uint8Array, env: readonly string[] = []): Promise<OciImage> {
  const entries: readonly TarEntry[] = [
    { kind: "file", path: "bin/app.wasm", content: wasm, mode: 0o755 },
    { kind: "folder", path: "data", mode: 0o755 },
  ];
  return imageOfFiles(entries, { Entrypoint: ["/bin/app.wasm"], Env: ["PATH=/bin", ...env] });
}

/** An ordinary image, of one layer. @param program the `config` of its configuration. */
export async function imageOfFiles(entries: readonly TarEntry[], program: object): Promise<OciImage> {
  const layer = await collect(tarStream(entries));
  const config = {
    architecture: GO_ARCHITECTURES[process.arch] ?? process.arch,
    os: "linux",
    config: program,
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
  };
  const layers = [{ mediaType: "application/vnd.oci.image.layer.v1.tar", bytes: layer }];
  return imageOf(jsonPart("application/vnd.oci.image.config.v1+json", config), layers);
}

/** An artifact whose one layer is a component, as `wkg oci push` makes it. */
export function artifactImage(wasm: Uint8Array): OciImage {
  const config = { architecture: "wasm", os: "wasip2", layerDigests: [digestOf(wasm)] };
  const layers = [{ mediaType: "application/wasm", bytes: wasm }];
  return imageOf(jsonPart("application/vnd.wasm.config.v0+json", config), layers);
}

/** The entries of the archive that `ctr image import` reads. @param name of the image, with its tag. */
export function archiveEntries({ config, layers, manifest }: OciImage, name: string): readonly TarEntry[] {
  const annotations = { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": "1" };
  const index = { schemaVersion: 2, manifests: [{ ...describePart(manifest), annotations }] };
  const files = [
    { path: "oci-layout", content: JSON.stringify({ imageLayoutVersion: "1.0.0" }) },
    { path: "index.json", content: JSON.stringify(index) },
    ...[config, ...layers, manifest].map(({ bytes }) => ({
      path: `blobs/${digestOf(bytes).replace(":", "/")}`,
      content: bytes,
    })),
  ];
  return files.map(({ path, content }) => ({ kind: "file", mode: 0o644, path, content }));
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** @param annotations of the manifest. */
export function imageOf(
  config: Part,
  layers: readonly Part[],
  annotations?: Readonly<Record<string, string>>,
): OciImage {
  const manifest = jsonPart(MANIFEST_TYPE, {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: describePart(config),
    layers: layers.map(describePart),
    ...(annotations === undefined ? {} : { annotations }),
  });
  return { config, layers, manifest };
}

export function jsonPart(mediaType: string, value: unknown): Part {
  return { mediaType, bytes: Buffer.from(JSON.stringify(value)) };
}

function describePart({ mediaType, bytes }: Part): object {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}
