import { InstallError } from "../errors.ts";
import type { OwnedBlock } from "./owned-block.ts";
import { isWithin, ownedBlocks } from "./owned-block.ts";
import type { PluginId } from "./plugin-id.ts";
import { PLUGIN_IDS } from "./plugin-id.ts";
import { handlerPath, runtimesPath } from "./runtime-table.ts";
import type { Statement } from "./toml-scan.ts";
import { scanToml } from "./toml-scan.ts";
import { lineAt } from "./toml-text.ts";
import { parseToml, valueAt } from "./toml-tree.ts";

/** One text of containerd's configuration and where it comes from. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** Our block for a handler; undefined if there is none. */
export function blockOf(file: ConfigFile, name: string): OwnedBlock | undefined {
  return ownedBlocks(file.text, file.path).find((block) => block.name === name);
}

/**
 * Makes sure that nobody else defines this handler, in whatever spelling and under whichever plug-in id.
 *
 * @throws {InstallError} `HandlerConflict` with file and line.
 */
export function refuseForeign(file: ConfigFile, name: string): void {
  const block = blockOf(file, name);
  const foreign = definitionsOf(file, name).find((found) => block === undefined || !isWithin(found, block));
  if (foreign === undefined) return;
  throw new InstallError(
    "HandlerConflict",
    `Cannot add the handler "${name}": somebody else defines it in "${file.path}", line ${lineAt(file.text, foreign.start)}: remove it there, or use another handler`,
  );
}

/** The statements that define a handler, or that hold it in an inline table. */
export function definitionsOf(file: ConfigFile, name: string): readonly Statement[] {
  const tree = parseToml(file.text, file.path);
  const statements = scanToml(file.text);
  return PLUGIN_IDS.map((id) => handlerPath(id, name))
    .filter((path) => valueAt(tree, path) !== undefined)
    .flatMap((path) => {
      const own = statements.filter((statement) => startsWith(statement.path, path));
      const holders = statements.filter((statement) => statement.kind === "value" && startsWith(path, statement.path));
      return own.length > 0 ? own : holders.slice(-1);
    });
}

/**
 * Makes sure that a table can be added below `containerd.runtimes`, which TOML forbids where that is an inline table.
 *
 * @throws {InstallError} `ConfigUnsupported` with the line.
 */
export function refuseInline(file: ConfigFile, pluginId: PluginId): void {
  const path = runtimesPath(pluginId);
  const holder = scanToml(file.text).find(({ kind, path: found }) => kind !== "table" && startsWith(path, found));
  if (holder === undefined) return;
  const line = lineAt(file.text, holder.start);
  throw new InstallError(
    "ConfigUnsupported",
    `Cannot add a runtime to "${file.path}": line ${line} gives the runtimes as an inline table, which cannot be added to: write them as [tables]`,
  );
}

function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return path.length >= prefix.length && prefix.every((part, index) => part === path[index]);
}
