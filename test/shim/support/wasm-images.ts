import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { tarStream } from "../../../scripts/tar-stream.ts";
import { writeWhole } from "../../../scripts/write-whole.ts";
import { runCommand } from "../../cluster/run-command.ts";
import type { TestContainerd } from "./test-containerd.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

interface Part {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Imports an ordinary image that has a component as its file and its program; returns its name. */
export async function importFileImage(
  containerd: TestContainerd,
  title: string,
  wasm: Uint8Array,
  signal: AbortSignal,
): Promise<string> {
  const layer = await collect(
    tarStream([
      { kind: "file", path: "bin/app.wasm", content: wasm, mode: 0o755 },
      { kind: "folder", path: "data", mode: 0o755 },
    ]),
  );
  const config = {
    architecture: GO_ARCHITECTURES[process.arch] ?? process.arch,
    os: "linux",
    config: { Entrypoint: ["/bin/app.wasm"], Env: ["PATH=/bin"] },
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
  };
  const parts = [
    jsonPart("application/vnd.oci.image.config.v1+json", config),
    { mediaType: "application/vnd.oci.image.layer.v1.tar", bytes: layer },
  ] as const;
  return importImage(containerd, `localhost/${title}:1`, parts, signal);
}

/** Imports an artifact whose one layer is a component, as `wkg oci push` makes it; returns its name. */
export async function importArtifact(
  containerd: TestContainerd,
  title: string,
  wasm: string,
  signal: AbortSignal,
): Promise<string> {
  const bytes = await readFile(wasm);
  const config = { architecture: "wasm", os: "wasip2", layerDigests: [digestOf(bytes)] };
  const parts = [
    jsonPart("application/vnd.wasm.config.v0+json", config),
    { mediaType: "application/wasm", bytes },
  ] as const;
  return importImage(containerd, `localhost/${title}:1`, parts, signal);
}

async function importImage(
  containerd: TestContainerd,
  name: string,
  [config, layer]: readonly [config: Part, layer: Part],
  signal: AbortSignal,
): Promise<string> {
  const [configAt, layerAt] = [describe(config), describe(layer)];
  const manifest = jsonPart(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config: configAt, layers: [layerAt] });
  const annotations = { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": "1" };
  const index = { schemaVersion: 2, manifests: [{ ...describe(manifest), annotations }] };
  const file = join(containerd.folder, "images", `${name.replaceAll(/\W/g, "-")}.tar`);
  const entries = [
    { path: "oci-layout", content: JSON.stringify({ imageLayoutVersion: "1.0.0" }) },
    { path: "index.json", content: JSON.stringify(index) },
    ...[config, layer, manifest].map((part) => ({
      path: `blobs/${digestOf(part.bytes).replace(":", "/")}`,
      content: part.bytes,
    })),
  ];
  const archive = tarStream(entries.map(({ path, content }) => ({ kind: "file", mode: 0o644, path, content })));
  await writeWhole(file, archive, [], signal);
  const flags = ["--all-platforms", ...(containerd.version === "2.1" ? ["--local"] : [])];
  const argv = [...containerd.ctrArgv("k8s.io"), "image", "import", ...flags, file];
  await runCommand(argv, { timeoutMs: 60_000 }, signal);
  return name;
}

function jsonPart(mediaType: string, value: unknown): Part {
  return { mediaType, bytes: Buffer.from(JSON.stringify(value)) };
}

function describe({ mediaType, bytes }: Part): object {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}
