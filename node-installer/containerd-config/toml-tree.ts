import { parse } from "toml";
import { InstallError } from "../errors.ts";

export type TomlScalar = string | boolean | bigint;

/** What a TOML document can hold. Integers are `bigint`, floats `number`, moments with an offset `Date`. */
export type TomlValue = TomlScalar | number | Date | readonly TomlValue[] | TomlTable;

export interface TomlTable {
  readonly [key: string]: TomlValue;
}

/**
 * @param path Name of the file, for the message.
 * @throws {InstallError} `ConfigInvalid` with the line and column of the first error.
 */
export function parseToml(text: string, path: string): TomlTable {
  try {
    const tree: unknown = parse(text, { bigint: true });
    if (isTree(tree)) return tree;
    throw new TypeError("it is not a table");
  } catch (error) {
    throw new InstallError("ConfigInvalid", `Cannot read "${path}": ${placeOf(error)}: correct the file first`, {
      cause: error,
    });
  }
}

/** The parser answers `any`: a TOML document is always a table. */
function isTree(value: unknown): value is TomlTable {
  return typeof value === "object" && value !== null;
}

function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.message.replace(/^[\s\S]* but (.+) found\.?$/, "unexpected $1").replace(/\.$/, "");
  const { line, column } = startOf(error);
  return line === undefined || column === undefined ? text : `line ${line}, column ${column}: ${text}`;
}

/** The parser's own errors have line and column, those of its grammar have them in `location.start`. */
function startOf(error: object): { readonly line?: number; readonly column?: number } {
  if ("line" in error && "column" in error) return { line: Number(error.line), column: Number(error.column) };
  if (!("location" in error) || typeof error.location !== "object" || error.location === null) return {};
  return "start" in error.location && typeof error.location.start === "object" && error.location.start !== null
    ? startOf(error.location.start)
    : {};
}

export function isTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof Date);
}

/** The value at a path; undefined where any part of it is missing or is not a table. */
export function valueAt(tree: TomlTable, path: readonly string[]): TomlValue | undefined {
  let current: TomlValue | undefined = tree;
  for (const key of path) {
    if (!isTable(current) || !Object.hasOwn(current, key)) return undefined;
    current = current[key];
  }
  return current;
}

/** The table at a path, or an empty one. */
export function tableAt(tree: TomlTable, path: readonly string[]): TomlTable {
  const value = valueAt(tree, path);
  return isTable(value) ? value : {};
}

/** A copy of the tree without the value at the path. */
export function without(tree: TomlTable, path: readonly string[]): TomlTable {
  const [key, ...rest] = path;
  if (key === undefined || !Object.hasOwn(tree, key)) return tree;
  const { [key]: found, ...others } = tree;
  if (rest.length === 0) return others;
  return found !== undefined && isTable(found) ? { ...tree, [key]: without(found, rest) } : tree;
}

/** A copy without the tables that hold nothing, at any depth. */
export function withoutEmptyTables(tree: TomlTable): TomlTable {
  return Object.fromEntries(
    Object.entries(tree)
      .map(([key, value]) => [key, isTable(value) ? withoutEmptyTables(value) : value] as const)
      .filter(([, value]) => !isTable(value) || Object.keys(value).length > 0),
  );
}
