import { ContentError } from "./errors.ts";
import type { Descriptor } from "./layer-cache.ts";

/** Layers that are a component, as the tools of the Bytecode Alliance and of the CNCF write them. */
const COMPONENT_TYPES: ReadonlySet<string> = new Set([
  "application/wasm",
  "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm",
]);

/** Layers of Spin applications, as `spin registry push` writes them. */
const SPIN = {
  app: "application/vnd.fermyon.spin.application.v1+config",
  wasm: "application/vnd.wasm.content.layer.v1+wasm",
  data: "application/vnd.wasm.content.layer.v1+data",
  archive: "application/vnd.wasm.content.bundle.v1.tar+gzip",
} as const;

const SPIN_COMPONENT_TYPES: ReadonlySet<string> = new Set([...COMPONENT_TYPES, SPIN.wasm]);

const MAX_LAYERS = 1024;
const MAX_COMPONENT_BYTES = 512 * 1024 * 1024;
/** The locked application is read whole. */
const MAX_APP_BYTES = 8 * 1024 * 1024;
const MAX_ARTIFACT_BYTES = 1024 * 1024 * 1024;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** A Spin application as an OCI artifact; each layer is named once. */
export interface SpinArtifact {
  /** The locked application. */
  readonly app: Descriptor;
  /** Components and static files. */
  readonly content: readonly Descriptor[];
  /** Static files in gzipped tar archives. */
  readonly archives: readonly Descriptor[];
}

/** What an image's manifest, or index of manifests, leads to. */
export type ManifestContent =
  | { readonly kind: "component"; readonly layer: Descriptor }
  | ({ readonly kind: "spin-app"; readonly components: readonly Descriptor[] } & SpinArtifact)
  | { readonly kind: "index"; readonly manifest: Descriptor }
  /** An ordinary image. */
  | { readonly kind: "other" };

type Layers = readonly Readonly<Record<string, unknown>>[];

/** @throws {ContentError} `CORRUPT`, or `SPEC_UNSUPPORTED` for Wasm that can be neither served nor run. */
export function parseManifest(text: string): ManifestContent {
  const document = parse(text);
  if (document["manifests"] !== undefined) return chooseManifest(document["manifests"]);
  const layers = listOf(document["layers"]);
  const apps = ofTypes(layers, new Set([SPIN.app]));
  const [app] = apps;
  if (app !== undefined) {
    if (apps.length > 1) throw unsupported(`it has ${String(apps.length)} locked Spin applications instead of one`);
    const components = eachOnce(ofTypes(layers, SPIN_COMPONENT_TYPES));
    return { kind: "spin-app", components, ...spinArtifact(app, layers) };
  }
  if (ofTypes(layers, new Set([SPIN.wasm])).length > 0) {
    throw unsupported(
      "it has components of a Spin application, but no locked application: push it with Spin 2 or newer",
    );
  }
  return componentIn(layers);
}

function componentIn(layers: Layers): ManifestContent {
  const components = ofTypes(layers, COMPONENT_TYPES);
  const [layer] = components;
  if (layer === undefined) return { kind: "other" };
  if (components.length > 1) throw unsupported(`it has ${String(components.length)} layers of Wasm instead of one`);
  checkSize("its component", layer.size, MAX_COMPONENT_BYTES);
  return { kind: "component", layer };
}

/** Layers of other types mean nothing to Spin. */
function spinArtifact(app: Descriptor, layers: Layers): SpinArtifact {
  const components = ofTypes(layers, SPIN_COMPONENT_TYPES);
  for (const { digest, size } of components) checkSize(`its component "${digest}"`, size, MAX_COMPONENT_BYTES);
  checkSize("its locked application", app.size, MAX_APP_BYTES);
  const content = eachOnce([...components, ...ofTypes(layers, new Set([SPIN.data]))]);
  const archives = eachOnce(ofTypes(layers, new Set([SPIN.archive])));
  const total = [...content, ...archives].reduce((sum, { size }) => sum + size, 0);
  checkSize("its Spin application", total, MAX_ARTIFACT_BYTES);
  return { app, content, archives };
}

function ofTypes(layers: Layers, types: ReadonlySet<string>): readonly Descriptor[] {
  return layers.filter((layer) => types.has(String(layer["mediaType"]))).map((layer) => descriptorOf(layer));
}

function eachOnce(layers: readonly Descriptor[]): readonly Descriptor[] {
  return [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
}

/** The one for Wasm, if there are several. */
function chooseManifest(value: unknown): ManifestContent {
  const manifests = listOf(value);
  const wasm = manifests.find(({ platform }) => isRecord(platform) && platform["architecture"] === "wasm");
  const chosen = wasm ?? (manifests.length === 1 ? manifests[0] : undefined);
  return chosen === undefined ? { kind: "other" } : { kind: "index", manifest: descriptorOf(chosen) };
}

function descriptorOf({ mediaType, digest, size }: Readonly<Record<string, unknown>>): Descriptor {
  const isSize = typeof size === "number" && Number.isSafeInteger(size) && size >= 0;
  if (typeof mediaType !== "string" || typeof digest !== "string" || !DIGEST.test(digest) || !isSize) {
    throw corrupt("one of its descriptors has no type, no SHA-256 digest or no size");
  }
  return { mediaType, digest, size };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const document: unknown = JSON.parse(text);
    if (isRecord(document)) return document;
  } catch (cause) {
    throw new ContentError("CORRUPT", "Cannot read the image's manifest", { cause });
  }
  throw corrupt("it is no object");
}

function listOf(value: unknown): Layers {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.length <= MAX_LAYERS && value.every((item) => isRecord(item))) return value;
  throw corrupt("its layers or manifests are no list, or too many");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkSize(what: string, bytes: number, limit: number): void {
  if (bytes > limit) throw unsupported(`${what} has ${String(bytes)} bytes, and the limit is ${String(limit)}`);
}

function corrupt(what: string): ContentError {
  return new ContentError("CORRUPT", `Cannot read the image's manifest: ${what}`);
}

function unsupported(what: string): ContentError {
  return new ContentError("SPEC_UNSUPPORTED", `Cannot run the image: ${what}`);
}
