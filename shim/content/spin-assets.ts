import { Buffer } from "node:buffer";
import { ContentError } from "./errors.ts";

/** A file that a component of the application sees. */
export interface SpinAsset {
  /** `<component id>/<path that the component sees below "/">` */
  readonly path: string;
  readonly content:
    | { readonly kind: "layer"; readonly digest: string }
    | { readonly kind: "inline"; readonly bytes: Uint8Array };
}

/** The files of all components, and the folders that these need, outer ones first. */
export interface SpinAssets {
  readonly folders: readonly string[];
  readonly files: readonly SpinAsset[];
}

/** What the application may refer to. */
export interface SpinContent {
  /** Digests of the layers that are no archives. */
  readonly digests: ReadonlySet<string>;
  /** Whether there is more in archives, which are not looked into. */
  readonly hasArchives: boolean;
}

type Json = Readonly<Record<string, unknown>>;

/** Files and folders of the whole application, archives apart. */
const MAX_ENTRIES = 16_384;
const MAX_COMPONENTS = 1024;
const MAX_PATH_BYTES = 2048;
/** As Linux has it. */
const MAX_NAME_BYTES = 255;
const MAX_DEPTH = 64;
const COMPONENT_ID = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/**
 * What a locked application, which may be anybody's, says about the files of its components. Nothing else of it is looked
 * at. A component that has a file in an archive is left out as a whole; of a path that is there twice the last counts.
 *
 * @throws {ContentError} `CORRUPT` for paths that lead out, clash or are too long, and content that is nowhere;
 *   `SPEC_UNSUPPORTED` if there is too much.
 */
export function parseSpinAssets(text: string, content: SpinContent): SpinAssets {
  const tree = new AssetTree();
  const ids = new Set<string>();
  for (const component of componentsIn(text)) {
    const id = idOf(component);
    if (ids.has(id)) throw corrupt(`there are two components "${id}"`);
    ids.add(id);
    checkSource(id, component, content);
    const files = assetsOf(id, component, content);
    for (const file of files ?? []) tree.add(file);
  }
  return tree.entries();
}

function componentsIn(text: string): readonly Json[] {
  let app: unknown;
  try {
    app = JSON.parse(text);
  } catch (cause) {
    throw new ContentError("CORRUPT", "Cannot read the image's locked Spin application", { cause });
  }
  const components = isRecord(app) ? (app["components"] ?? []) : undefined;
  if (!isListOfRecords(components)) throw corrupt("its components are no list of objects");
  if (components.length <= MAX_COMPONENTS) return components;
  throw tooMuch(`${String(components.length)} components, and the limit is ${String(MAX_COMPONENTS)}`);
}

/** It names a folder. */
function idOf({ id }: Json): string {
  if (typeof id === "string" && COMPONENT_ID.test(id)) return id;
  throw corrupt(`a component has the id ${quote(id)}, and not letters, digits, "-", "_" and "."`);
}

function checkSource(id: string, { source }: Json, { digests }: SpinContent): void {
  if (!isRecord(source)) throw corrupt(`component "${id}" has no source`);
  const { inline, digest } = source;
  if (typeof inline === "string" || (typeof digest === "string" && digests.has(digest))) return;
  throw corrupt(`the source of component "${id}" has the digest ${quote(digest)}, which is none of the image's layers`);
}

/** `undefined`: some of them are in archives. */
function assetsOf(id: string, component: Json, content: SpinContent): readonly SpinAsset[] | undefined {
  const files = component["files"] ?? [];
  if (!isListOfRecords(files)) throw corrupt(`the files of component "${id}" are no list of objects`);
  if (files.length > MAX_ENTRIES && !content.hasArchives) throw tooManyEntries();
  const assets = files.map((file) => assetOf(id, file, content));
  return assets.includes(undefined) ? undefined : assets.filter((asset) => asset !== undefined);
}

function assetOf(id: string, file: Json, { digests, hasArchives }: SpinContent): SpinAsset | undefined {
  const path = `${id}/${pathOf(id, file)}`;
  const { inline, digest } = file;
  if (typeof inline === "string") return { path, content: { kind: "inline", bytes: Buffer.from(inline, "base64") } };
  if (typeof digest === "string" && digests.has(digest)) return { path, content: { kind: "layer", digest } };
  if (typeof digest === "string" && hasArchives) return undefined;
  throw corrupt(`the file "${path}" has the digest ${quote(digest)}, which is none of the image's layers`);
}

function pathOf(id: string, { path }: Json): string {
  if (typeof path !== "string") throw corrupt(`a file of component "${id}" has no path`);
  const names = path.split("/");
  const isPlain = names.every((name) => name !== "" && name !== "." && name !== ".." && !name.includes("\0"));
  if (!isPlain) throw corrupt(`the path ${quote(path)} of component "${id}" is not relative, or has "." or ".." in it`);
  const isShort = names.length <= MAX_DEPTH && names.every((name) => Buffer.byteLength(name) <= MAX_NAME_BYTES);
  if (isShort && Buffer.byteLength(path) <= MAX_PATH_BYTES) return path;
  throw corrupt(`the path ${quote(path)} of component "${id}" is too long or too deep`);
}

class AssetTree {
  readonly #files = new Map<string, SpinAsset>();
  readonly #folders = new Set<string>();

  add(file: SpinAsset): void {
    if (this.#folders.has(file.path)) throw this.#clash(file.path);
    this.#files.set(file.path, file);
    for (let end = file.path.indexOf("/"); end !== -1; end = file.path.indexOf("/", end + 1)) {
      const folder = file.path.slice(0, end);
      if (this.#files.has(folder)) throw this.#clash(folder);
      this.#folders.add(folder);
    }
    if (this.#files.size + this.#folders.size > MAX_ENTRIES) throw tooManyEntries();
  }

  entries(): SpinAssets {
    return { folders: [...this.#folders], files: [...this.#files.values()] };
  }

  #clash(path: string): ContentError {
    return corrupt(`the path "${path}" is a file and a folder`);
  }
}

function tooManyEntries(): ContentError {
  return tooMuch(
    `more than ${String(MAX_ENTRIES)} files and folders: push it with SPIN_OCI_ARCHIVE_LAYERS set, which puts them into archives`,
  );
}

function corrupt(what: string): ContentError {
  return new ContentError("CORRUPT", `Cannot use the image's Spin application: ${what}: push it again`);
}

function tooMuch(what: string): ContentError {
  return new ContentError("SPEC_UNSUPPORTED", `Cannot use the image's Spin application: it has ${what}`);
}

function quote(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}

function isListOfRecords(value: unknown): value is readonly Json[] {
  return Array.isArray(value) && value.every((item) => isRecord(item));
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
