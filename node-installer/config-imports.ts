import { dirname, join, matchesGlob, resolve } from "node:path";
import { InstallError } from "./errors.ts";
import { lineBreakOf } from "./containerd-config/toml-text.ts";
import { scanToml } from "./containerd-config/toml-scan.ts";
import { parseToml, valueAt } from "./containerd-config/toml-tree.ts";

const MARK = "# added by the runtime-class manager";

/** Whether the main file imports every `.toml` file of the folder. */
export function hasImport(text: string, mainPath: string, folder: string): boolean {
  const imports = valueAt(parseToml(text, mainPath), ["imports"]);
  const patterns = Array.isArray(imports) ? (imports as readonly unknown[]).map(String) : [];
  const sample = join(folder, "50-rcm-sample.toml");
  return patterns.some((pattern) => matchesGlob(sample, resolve(dirname(mainPath), pattern)));
}

/**
 * Adds a glob to the file's imports. A glob, never a file: containerd does not start when a file that is imported by
 * name is missing.
 */
export function addImport(text: string, glob: string): string {
  const eol = lineBreakOf(text);
  const statement = scanToml(text).find(({ kind, path }) => kind === "value" && path.length === 1 && path[0] === "imports");
  if (statement === undefined) {
    const at = text.startsWith("\uFEFF") ? 1 : 0;
    return `${text.slice(0, at)}${ownLine(glob, eol)}${text.slice(at)}`;
  }
  if (text[statement.valueStart] !== "[") {
    throw new InstallError("ConfigInvalid", "The imports of containerd's configuration are not a list: correct them first");
  }
  const at = statement.valueStart + 1;
  return `${text.slice(0, at)}${inArray(glob, eol)}${text.slice(at)}`;
}

/** The text before `addImport`, byte for byte; a glob that somebody else wrote stays. */
export function removeImport(text: string, glob: string): string {
  const eol = lineBreakOf(text);
  return text.replace(ownLine(glob, eol), "").replace(inArray(glob, eol), "");
}

function ownLine(glob: string, eol: string): string {
  return `imports = ["${glob}"] ${MARK}${eol}`;
}

function inArray(glob: string, eol: string): string {
  return `${eol}  "${glob}", ${MARK}${eol}`;
}
