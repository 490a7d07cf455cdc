import { InstallError } from "../errors.ts";
import type { ContainerdVersion } from "./config-version.ts";
import { configVersion, mergesPlugins } from "./config-version.ts";
import type { Edited } from "./edit-main.ts";
import { removeFromMain } from "./edit-main.ts";
import type { ConfigFile } from "./handler-site.ts";
import { refuseForeign } from "./handler-site.ts";
import { addImport, importsCover, removeImport } from "./imports.ts";
import { blockLines, ownedBlocks } from "./owned-block.ts";
import { pluginIdFor } from "./plugin-id.ts";
import type { Handler } from "./runtime-table.ts";
import { handlerPath, runtimeTable } from "./runtime-table.ts";
import { parseToml } from "./toml-tree.ts";

/** Begins the name of each drop-in of ours. */
const PREFIX = "50-rcm-";

/** A main file where there was none: containerd's defaults, and our drop-ins. */
const CREATED = "# Created by runtime-class-manager, because there was none: containerd's defaults and our drop-ins.";

interface DropInPlace {
  /** Where containerd looks for its main file. */
  readonly mainPath: string;
  /** The main file; undefined if there is none. */
  readonly mainText: string | undefined;
  /** Absolute path of the folder for drop-ins. */
  readonly dropInDir: string;
}

export interface DropInOptions extends DropInPlace {
  readonly containerd: ContainerdVersion;
  readonly handler: Handler;
  /** What the main file imports now, in the order of loading; our own drop-ins may be among it. */
  readonly imported: readonly ConfigFile[];
  /** What is now at the drop-in's path; undefined if nothing is. */
  readonly existing: string | undefined;
}

export interface DropInPlan {
  readonly dropIn: ConfigFile & { readonly changed: boolean };
  /** The main file with the import that our drop-in needs. */
  readonly main: Edited;
}

export function dropInPath(dropInDir: string, handler: string): string {
  handlerPath("cri", handler); // Refuses a name that could leave the folder.
  return `${folder(dropInDir)}/${PREFIX}${handler}.toml`;
}

/** The import that covers all of our drop-ins and nothing else. A pattern, so that it may match no file. */
export function dropInPattern(dropInDir: string): string {
  return `${folder(dropInDir)}/${PREFIX}*.toml`;
}

/**
 * Plans our runtime as a file of its own, for containerd 2.0 and later. The drop-in has the version of the main file,
 * because up to 2.2 a drop-in's version overrides the main file's, and only the merged result is migrated.
 *
 * @throws {InstallError} `HandlerConflict`, `ConfigInvalid`, `RequestInvalid`; `ConfigUnsupported` for containerd 1,
 *   where a drop-in replaces the whole plug-in, and for files with different versions.
 */
export function planDropIn(options: DropInOptions): DropInPlan {
  const { containerd, dropInDir, handler, mainPath, mainText = minimalMain(dropInDir) } = options;
  if (!mergesPlugins(containerd)) throw unsupported(options, "in containerd 1 it would replace all CRI settings");
  const path = dropInPath(dropInDir, handler.name);
  const others = options.imported.filter((file) => file.path !== path);
  for (const file of [{ path: mainPath, text: mainText }, ...others]) refuseForeign(file, handler.name);
  // What we wrote into the main file while containerd 1 was here would be merged with the drop-in.
  const main = { path: mainPath, text: removeFromMain({ path: mainPath, text: mainText }, handler.name).text };
  refuseForeignFile(path, options.existing);
  const version = commonVersion(options, [main, ...others]);
  const trees = [main, ...others].map((file) => parseToml(file.text, file.path));
  const text = dropInText(version, runtimeTable(handler, pluginIdFor(version, trees, containerd)), handler.name);
  const edited = importsCover(main, path) ? main.text : addImport(main, dropInPattern(dropInDir));
  parseToml(edited, mainPath);
  return {
    dropIn: { path, text, changed: text !== options.existing },
    main: { text: edited, changed: edited !== options.mainText },
  };
}

export interface DropInRemoval {
  /** The drop-in to be removed. */
  readonly path: string;
  /** What the main file becomes; undefined text: it was ours alone and goes too. */
  readonly main: { readonly text: string | undefined; readonly changed: boolean };
}

export interface DropInRemovalOptions extends DropInPlace {
  readonly handler: string;
  /** Handlers whose drop-ins stay. */
  readonly remaining: readonly string[];
}

/** The reverse of `planDropIn`: with the last drop-in the import goes, and a main file that was ours alone. */
export function planDropInRemoval(options: DropInRemovalOptions): DropInRemoval {
  const { mainText, mainPath, dropInDir, handler, remaining } = options;
  const path = dropInPath(dropInDir, handler);
  if (mainText === undefined) return { path, main: { text: undefined, changed: false } };
  const { text } = removeFromMain({ path: mainPath, text: mainText }, handler);
  const left = remaining.length > 0 ? text : withoutImport({ path: mainPath, text }, dropInDir);
  return { path, main: { text: left, changed: left !== mainText } };
}

function withoutImport(main: ConfigFile, dropInDir: string): string | undefined {
  return main.text === minimalMain(dropInDir) ? undefined : removeImport(main, dropInPattern(dropInDir));
}

/**
 * The handler whose drop-in a file is, by its path and its content; undefined for what is not ours.
 *
 * @throws {InstallError} `ConfigInvalid` for a file with our name that is not TOML or has broken marks.
 */
export function handlerOfDropIn({ path, text }: ConfigFile): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (!name.startsWith(PREFIX) || !name.endsWith(".toml")) return undefined;
  parseToml(text, path);
  const handler = name.slice(PREFIX.length, -".toml".length);
  return ownedBlocks(text, path).some((block) => block.name === handler) ? handler : undefined;
}

function minimalMain(dropInDir: string): string {
  const main = { path: "config.toml", text: `${CREATED}\nversion = 3\n` };
  return addImport(main, dropInPattern(dropInDir));
}

function dropInText(version: number | undefined, table: readonly string[], handler: string): string {
  const head = version === undefined ? [] : [`version = ${version}`];
  return `${[...head, ...blockLines(handler, table)].join("\n")}\n`;
}

function refuseForeignFile(path: string, existing: string | undefined): void {
  if (existing === undefined || handlerOfDropIn({ path, text: existing }) !== undefined) return;
  throw new InstallError(
    "HandlerConflict",
    `Cannot write "${path}": somebody else's file is there: remove it, or use another handler`,
  );
}

function commonVersion(options: DropInOptions, files: readonly ConfigFile[]): number | undefined {
  const [main, ...imported] = files.map((file) => ({ file, version: configVersion(file.text, file.path) }));
  const other = imported.find(({ version }) => version !== undefined && version !== main?.version);
  if (other === undefined) return main?.version;
  const has = main?.version === undefined ? "has none" : `has ${main.version}`;
  throw unsupported(
    options,
    `"${other.file.path}" has version ${other.version} and "${options.mainPath}" ${has}: give both the same, because containerd takes the last one for all files`,
  );
}

function unsupported({ handler }: DropInOptions, why: string): InstallError {
  return new InstallError("ConfigUnsupported", `Cannot add the handler "${handler.name}" as a drop-in: ${why}`);
}

function folder(path: string): string {
  return path.replace(/\/+$/, "");
}
