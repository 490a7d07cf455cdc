import { readdir, readFile, stat } from "node:fs/promises";
import { join, posix } from "node:path";
import { gzipSync } from "node:zlib";
import { lockManifest } from "@rcm/shim/executor/spin/app/lock-manifest";
import type { ContentReference, LockedApp, LockedComponent } from "@rcm/shim/executor/spin/app/locked-app";
import { parseSpinManifest } from "@rcm/shim/executor/spin/app/parse-spin-manifest";
import { tarStream } from "../../scripts/tar-stream.ts";
import { collect, digestOf, imageOf, imageOfFiles, jsonPart, type OciImage, type Part } from "./oci-image.ts";

const APP_TYPE = "application/vnd.fermyon.spin.application.v1+config";
export const WASM_TYPE = "application/vnd.wasm.content.layer.v1+wasm";
const DATA_TYPE = "application/vnd.wasm.content.layer.v1+data";
const ARCHIVE_TYPE = "application/vnd.wasm.content.bundle.v1.tar+gzip";
/** What is not larger is in the locked application itself. */
const MAX_INLINE_BYTES = 128;
/** Of ECR. */
const MAX_LAYERS = 500;

/** How static files go into the artifact; Spin takes archives if SPIN_OCI_ARCHIVE_LAYERS is set, or else there are too many. */
export type FileMode = "layers" | "archives";

interface Asset {
  /** Relative to what the component sees as `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The application in a folder of `buildSpinApp`, with that folder's files as its content. */
export async function lockedAppIn(folder: string): Promise<LockedApp> {
  return lockManifest(await parseSpinManifest(await readFile(join(folder, "spin.toml"), "utf8")), folder);
}

/**
 * An ordinary image that has an application's folder as its files, as people build it `FROM scratch`.
 *
 * @param folder of `buildSpinApp`.
 */
export async function spinFileImage(folder: string): Promise<OciImage> {
  const names = await filesIn(folder);
  const entries = names.map((path) => ({ kind: "file", path, source: join(folder, path), mode: 0o644 }) as const);
  return imageOfFiles(entries, {});
}

/** An ordinary image that has an artifact's locked application as its `spin.json`, and the other layers in `content`. */
export async function lockedFileImage({ layers }: OciImage): Promise<OciImage> {
  const entries = layers.map(({ mediaType, bytes }) => {
    const path = mediaType === APP_TYPE ? "spin.json" : `content/${digestOf(bytes).slice("sha256:".length)}`;
    return { kind: "file", path, content: bytes, mode: 0o644 } as const;
  });
  return imageOfFiles(entries, {});
}

/**
 * The OCI artifact of an application, as `spin registry push` makes it.
 *
 * @param app with files of this machine as its content.
 * @see {@link https://github.com/spinframework/spin/blob/v3.6.3/crates/oci/src/client.rs}
 */
export async function spinArtifact(app: LockedApp, mode: FileMode = "layers"): Promise<OciImage> {
  const parts: Part[] = [];
  const components: object[] = [];
  for (const component of app.components) components.push(await addComponent(component, mode, parts));
  const layers = eachOnce(parts);
  if (layers.length >= MAX_LAYERS && mode === "layers") return spinArtifact(app, "archives");
  const locked = jsonPart(APP_TYPE, lockedJson(app, components));
  const config = {
    architecture: "wasm",
    os: "wasip1",
    config: { Labels: { "com.fermyon.spin.lockedAppDigest": digestOf(locked.bytes) } },
    rootfs: { type: "layers", diff_ids: [] },
  };
  return imageOf(jsonPart("application/vnd.oci.image.config.v1+json", config), [...layers, locked], {
    "org.opencontainers.image.title": app.name,
    ...(app.version === undefined ? {} : { "org.opencontainers.image.version": app.version }),
    ...(app.description === undefined ? {} : { "org.opencontainers.image.description": app.description }),
  });
}

async function addComponent(component: LockedComponent, mode: FileMode, parts: Part[]): Promise<object> {
  const wasm = await bytesOf(component.source);
  parts.push({ mediaType: WASM_TYPE, bytes: wasm });
  const assets = await assetsOf(component);
  if (mode === "archives" && assets.length > 0) parts.push(await archiveOf(assets));
  for (const { bytes } of mode === "layers" ? assets : []) {
    if (bytes.length > MAX_INLINE_BYTES) parts.push({ mediaType: DATA_TYPE, bytes });
  }
  return {
    id: component.id,
    metadata: {
      ...(component.description === undefined ? {} : { description: component.description }),
      allowed_outbound_hosts: component.allowedOutboundHosts,
      key_value_stores: component.keyValueStores,
      databases: component.sqliteDatabases,
      ai_models: component.aiModels,
    },
    source: { content_type: "application/wasm", ...referenceTo(wasm) },
    env: component.environment,
    files: assets.map(fileEntry),
    config: component.variables,
  };
}

function fileEntry({ path, bytes }: Asset): object {
  return { ...referenceTo(bytes), path };
}

function referenceTo(bytes: Uint8Array): object {
  const digest = digestOf(bytes);
  if (bytes.length > MAX_INLINE_BYTES) return { digest };
  return { inline: Buffer.from(bytes).toString("base64"), digest };
}

async function archiveOf(assets: readonly Asset[]): Promise<Part> {
  const tar = await collect(
    tarStream(assets.map(({ path, bytes }) => ({ kind: "file", path, content: bytes, mode: 0o644 }))),
  );
  return { mediaType: ARCHIVE_TYPE, bytes: gzipSync(tar) };
}

/** All files, those of folders one by one. */
async function assetsOf({ files }: LockedComponent): Promise<readonly Asset[]> {
  const assets: Asset[] = [];
  for (const { content, path } of files) {
    const place = path.replace(/^\/+/, "");
    if (content.kind !== "file" || !(await stat(content.path)).isDirectory()) {
      assets.push({ path: place, bytes: await bytesOf(content) });
      continue;
    }
    for (const name of await filesIn(content.path)) {
      assets.push({ path: posix.join(place, name), bytes: await readFile(join(content.path, name)) });
    }
  }
  return assets;
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return files.map((file) => file.slice(folder.length + 1)).toSorted();
}

async function bytesOf(content: ContentReference): Promise<Uint8Array> {
  if (content.kind === "inline") return content.bytes;
  if (content.kind === "file") return readFile(content.path);
  throw new Error(`Cannot push content "${content.digest}": it is in an image already`);
}

function lockedJson(app: LockedApp, components: readonly object[]): object {
  const isChained = app.components.some(({ allowedOutboundHosts: hosts }) =>
    hosts.some((host) => host.includes(".spin.internal")),
  );
  const chaining = { local_service_chaining: "required" };
  return {
    spin_lock_version: isChained ? 1 : 0,
    ...(isChained ? { must_understand: ["host_requirements"], host_requirements: chaining } : {}),
    metadata: {
      name: app.name,
      version: app.version ?? "",
      description: app.description ?? "",
      triggers: app.triggerSettings,
    },
    variables: Object.fromEntries(
      [...app.variables].map(([name, { default: value, isSecret, description }]) => [
        name,
        { default: value, secret: isSecret, description },
      ]),
    ),
    triggers: app.triggers.map(({ id, type, config }) => ({ id, trigger_type: type, trigger_config: config })),
    components,
  };
}

function eachOnce(parts: readonly Part[]): readonly Part[] {
  return [...new Map(parts.map((part) => [`${part.mediaType} ${digestOf(part.bytes)}`, part])).values()];
}
