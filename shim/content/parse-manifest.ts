import { ContentError } from "./errors.ts";
import type { Descriptor } from "./layer-cache.ts";

/** Layers that are a component, as the tools of the Bytecode Alliance and of the CNCF write them. */
const COMPONENT_TYPES: ReadonlySet<string> = new Set([
  "application/wasm",
  "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm",
]);
const SPIN_TYPES: ReadonlySet<string> = new Set([
  "application/vnd.fermyon.spin.application.v1+config",
  "application/vnd.wasm.content.layer.v1+wasm",
]);
const MAX_LAYERS = 1024;
const MAX_COMPONENT_BYTES = 512 * 1024 * 1024;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** What an image's manifest, or index of manifests, leads to. */
export type ManifestContent =
  | { readonly kind: "component"; readonly layer: Descriptor }
  | { readonly kind: "index"; readonly manifest: Descriptor }
  /** An ordinary image. */
  | { readonly kind: "other" };

/** @throws {ContentError} `CORRUPT`, or `SPEC_UNSUPPORTED` for Wasm that is not one component. */
export function parseManifest(text: string): ManifestContent {
  const document = parse(text);
  if (document["manifests"] !== undefined) return chooseManifest(document["manifests"]);
  const layers = listOf(document["layers"]);
  const types = layers.map((layer) => String(layer["mediaType"]));
  if (types.some((type) => SPIN_TYPES.has(type))) {
    throw unsupported("it is a Spin application, and this shim runs images of one component");
  }
  const components = layers.filter((_layer, index) => COMPONENT_TYPES.has(types[index] ?? ""));
  const [component] = components;
  if (component === undefined) return { kind: "other" };
  if (components.length > 1) throw unsupported(`it has ${String(components.length)} layers of Wasm instead of one`);
  const layer = descriptorOf(component);
  if (layer.size > MAX_COMPONENT_BYTES) {
    throw unsupported(`its component has ${String(layer.size)} bytes, and the limit is ${String(MAX_COMPONENT_BYTES)}`);
  }
  return { kind: "component", layer };
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

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.length <= MAX_LAYERS && value.every((item) => isRecord(item))) return value;
  throw corrupt("its layers or manifests are no list, or too many");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function corrupt(what: string): ContentError {
  return new ContentError("CORRUPT", `Cannot read the image's manifest: ${what}`);
}

function unsupported(what: string): ContentError {
  return new ContentError("SPEC_UNSUPPORTED", `Cannot run the image: ${what}`);
}
