import { InstallError } from "../errors.ts";
import type { ConfigFile } from "./handler-site.ts";
import { blockLines, ownedBlocks, withoutBlock } from "./owned-block.ts";
import { patternCovers } from "./path-pattern.ts";
import type { Statement } from "./toml-scan.ts";
import { scanToml } from "./toml-scan.ts";
import { lineBreakOf, tomlString } from "./toml-text.ts";
import { parseToml, valueAt } from "./toml-tree.ts";

const IMPORTS_BLOCK = "(imports)";
const ELEMENT_MARK = "# Added by runtime-class-manager";

/**
 * The `imports` that a file declares: paths or patterns, relative ones from the file's folder.
 *
 * @throws {InstallError} `ConfigInvalid` if it is not a list of strings.
 */
export function importPatterns(file: ConfigFile): readonly string[] {
  const value = valueAt(parseToml(file.text, file.path), ["imports"]) ?? [];
  if (Array.isArray(value) && value.every((pattern) => typeof pattern === "string")) return value;
  throw new InstallError("ConfigInvalid", `Cannot read "${file.path}": its imports are not a list of strings`);
}

export function importsCover(file: ConfigFile, path: string): boolean {
  return importPatterns(file).some((pattern) => patternCovers(pattern, path, file.path));
}

/**
 * Adds a pattern to `imports`: in front of an existing list, so that what follows still has the last word, or as a
 * list of its own before the first table.
 */
export function addImport(file: ConfigFile, pattern: string): string {
  const { text } = file;
  const existing = importsStatement(text);
  const lineBreak = lineBreakOf(text);
  if (existing !== undefined) {
    const at = existing.valueStart + 1; // Behind the bracket.
    return `${text.slice(0, at)}${importElement(pattern)}${lineBreak}${text.slice(at)}`;
  }
  const block = blockLines(IMPORTS_BLOCK, [`imports = [${tomlString(pattern)}]`]).join(lineBreak);
  const at = placeForRootKey(text);
  if (at === text.length && !/(?:^\uFEFF?|\n)$/.test(text)) return `${text}${lineBreak}${block}`;
  return `${text.slice(0, at)}${block}${lineBreak}${text.slice(at)}`;
}

/** Takes out what `addImport` added, and nothing that others did. */
export function removeImport(file: ConfigFile, pattern: string): string {
  parseToml(file.text, file.path);
  const block = ownedBlocks(file.text, file.path).find(({ name }) => name === IMPORTS_BLOCK);
  const inBlock = block === undefined ? "" : file.text.slice(block.start, block.end);
  const untouched = inBlock.split(/\r?\n/)[1] === `imports = [${tomlString(pattern)}]`;
  if (block !== undefined && untouched) return withoutBlock(file.text, block);
  const existing = importsStatement(file.text);
  if (existing === undefined) return file.text;
  const { valueStart, end } = existing;
  const value = file.text.slice(valueStart, end);
  const at = value.indexOf(importElement(pattern));
  if (at < 0) return file.text;
  const rest = value.slice(at + importElement(pattern).length).replace(/^\r?\n/, "");
  return file.text.slice(0, valueStart) + value.slice(0, at) + rest + file.text.slice(end);
}

/** The same text with other `imports`, for looking at a candidate: paths in the order in which they are loaded. */
export function replaceImports(file: ConfigFile, paths: readonly string[]): string {
  const { text } = file;
  const list = `[${paths.map((path) => tomlString(path)).join(", ")}]`;
  const existing = importsStatement(text);
  if (existing !== undefined) return text.slice(0, existing.valueStart) + list + text.slice(existing.end);
  const at = placeForRootKey(text);
  const before = text.slice(0, at);
  return `${before}${/(?:^\uFEFF?|\n)$/.test(before) ? "" : "\n"}imports = ${list}\n${text.slice(at)}`;
}

function importElement(pattern: string): string {
  return ` ${tomlString(pattern)}, ${ELEMENT_MARK}`;
}

function importsStatement(text: string): Statement | undefined {
  return scanToml(text).find(({ kind, path }) => kind === "value" && path.length === 1 && path[0] === "imports");
}

/** Behind the line of the last root key, or before the line of the first table, or the end. */
function placeForRootKey(text: string): number {
  const statements = scanToml(text);
  const first = statements.findIndex(({ kind }) => kind !== "value");
  const lastKey = statements.slice(0, first < 0 ? undefined : first).at(-1);
  if (lastKey !== undefined) {
    const lineEnd = text.indexOf("\n", lastKey.end);
    return lineEnd < 0 ? text.length : lineEnd + 1;
  }
  const header = statements[first];
  if (header === undefined) return text.length;
  return text.lastIndexOf("\n", header.start) + 1 || (text.startsWith("\uFEFF") ? 1 : 0);
}
