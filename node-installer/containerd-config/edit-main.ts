import { InstallError } from "../errors.ts";
import type { ConfigFile } from "./handler-site.ts";
import { blockOf, definitionsOf, refuseForeign, refuseInline } from "./handler-site.ts";
import { IMPLIED_BLOCK, impliedRuntimes } from "./implied-runtimes.ts";
import type { OwnedBlock } from "./owned-block.ts";
import { isWithin, withBlock, withBlockReplaced, withoutBlock } from "./owned-block.ts";
import type { PluginId } from "./plugin-id.ts";
import { PLUGIN_IDS } from "./plugin-id.ts";
import type { Handler } from "./runtime-table.ts";
import { handlerPath, runtimeTable, runtimesPath } from "./runtime-table.ts";
import { sameValue } from "./same-value.ts";
import { scanToml } from "./toml-scan.ts";
import { lineAt } from "./toml-text.ts";
import type { TomlTable } from "./toml-tree.ts";
import { parseToml, tableAt, without, withoutEmptyTables } from "./toml-tree.ts";

export interface Edited {
  readonly text: string;
  readonly changed: boolean;
}

export interface EditOptions {
  readonly file: ConfigFile;
  readonly pluginId: PluginId;
  readonly handler: Handler;
  /** `containerd config dump` of the file as it is, for containerd 1; undefined for containerd 2. */
  readonly effectiveDump: string | undefined;
}

/**
 * Adds our runtime to a configuration, or brings our own table to what is wanted; every other byte stays.
 *
 * @throws {InstallError} `HandlerConflict`, `ConfigInvalid`, `ConfigUnsupported`, `RequestInvalid`; `ConfigGate` if
 *   the edited text would say anything else than before of anything but the handler.
 */
export function editMain({ file, pluginId, handler, effectiveDump }: EditOptions): Edited {
  const before = parseToml(file.text, file.path);
  refuseForeign(file, handler.name);
  refuseInline(file, pluginId);
  const implied =
    effectiveDump === undefined
      ? []
      : impliedRuntimes(before, parseToml(effectiveDump, `containerd config dump of ${file.path}`), pluginId);
  const kept = implied.length === 0 ? file.text : withBlock(file.text, IMPLIED_BLOCK, implied);
  const text = withHandler({ ...file, text: kept }, handler.name, runtimeTable(handler, pluginId));
  checkEdit(before, parseToml(text, file.path), handler.name, pluginId);
  return { text, changed: text !== file.text };
}

function withHandler(file: ConfigFile, name: string, lines: readonly string[]): string {
  const block = blockOf(file, name);
  if (block === undefined) return withBlock(file.text, name, lines);
  refuseGuests(file, block);
  return withBlockReplaced(file.text, block, lines);
}

/** What others wrote between our marks would be lost with the block. */
function refuseGuests(file: ConfigFile, block: OwnedBlock): void {
  const own = definitionsOf(file, block.name);
  const guest = scanToml(file.text).find(
    (statement) => isWithin(statement, block) && !own.some(({ start }) => start === statement.start),
  );
  if (guest === undefined) return;
  throw new InstallError(
    "ConfigInvalid",
    `Cannot replace our lines in "${file.path}": somebody added line ${lineAt(file.text, guest.start)} between them: move it elsewhere`,
  );
}

function checkEdit(before: TomlTable, after: TomlTable, name: string, pluginId: PluginId): void {
  const had = tableAt(before, runtimesPath(pluginId));
  const added = Object.keys(tableAt(after, runtimesPath(pluginId))).filter((key) => !Object.hasOwn(had, key));
  const implied = added.filter((key) => key !== name).map((key) => handlerPath(pluginId, key));
  const paths = [...PLUGIN_IDS.map((id) => handlerPath(id, name)), ...implied];
  if (sameValue(stripped(before, paths), stripped(after, paths))) return;
  throw new InstallError("ConfigGate", `Cannot add the handler "${name}": the edit would change other settings too`);
}

function stripped(tree: TomlTable, paths: readonly (readonly string[])[]): TomlTable {
  return withoutEmptyTables(paths.reduce(without, tree));
}

/**
 * Takes our runtime out again, and with the last of ours the runtimes that we had to spell out. Where nothing else
 * changed, the text is to the byte what it was before `editMain`. What others wrote stays.
 *
 * @throws {InstallError} `ConfigInvalid` for a file that cannot be parsed, or whose marks are broken.
 */
export function removeFromMain(file: ConfigFile, name: string): Edited {
  parseToml(file.text, file.path);
  const block = blockOf(file, name);
  if (block !== undefined) refuseGuests(file, block);
  const text = block === undefined ? file.text : withoutBlock(file.text, block);
  const cleaned = withoutImplied({ ...file, text });
  return { text: cleaned, changed: cleaned !== file.text };
}

/** The implied runtimes may go as soon as they are the only ones that their table names. */
function withoutImplied(file: ConfigFile): string {
  const block = blockOf(file, IMPLIED_BLOCK);
  if (block === undefined) return file.text;
  const text = withoutBlock(file.text, block);
  const [now, then] = [runtimeCounts(file), runtimeCounts({ ...file, text })];
  return then.every((count, index) => count === 0 || count === now[index]) ? text : file.text;
}

/** How many runtimes each plug-in table names, in the order of `PLUGIN_IDS`. */
function runtimeCounts({ path, text }: ConfigFile): readonly number[] {
  const tree = parseToml(text, path);
  return PLUGIN_IDS.map((id) => Object.keys(tableAt(tree, runtimesPath(id))).length);
}
