import { basename } from "node:path";
import { printable } from "./shown-location.ts";

/** What matters of an archive's entry. */
export interface EntryView {
  readonly path: string;
  /** As in the entry's own header, whatever extended headers say: `File`, `Directory`, `SymbolicLink` and so on. */
  readonly type: string;
  /** What global extended headers set for it. */
  readonly globals: Readonly<Partial<Record<(typeof LOCAL_FIELDS)[number], unknown>>>;
}

const PATH_CHARACTERS = 120;

/** Readers differ in these, or take them for another kind or size of file than a reader that ignores them. */
const DECEITFUL_RECORD = /^\s*[+-]?[0-9]+.(type|GNU\.sparse[^=]*)=/su;
/** Can only be meant for one entry, so nobody honest sets them for all. */
const LOCAL_FIELDS = ["path", "linkpath", "size", "type"] as const;

/** Why the whole archive is refused because of this entry; `undefined` if the entry is harmless. */
export function refusalOf({ path, type, globals }: EntryView): string | undefined {
  if (path.startsWith("/")) return "it has an absolute path";
  if (path.split("/").includes("..")) return 'it leads out of the archive by ".."';
  if (/[\0\\]/u.test(path)) return "its path has a backslash or a zero byte";
  const field = LOCAL_FIELDS.find((name) => globals[name] !== undefined);
  if (field !== undefined) return `a global extended header sets its ${field}`;
  if (type === "File" || type === "OldFile" || type === "Directory") return undefined;
  return `it is neither a regular file nor a folder but of type ${type}`;
}

/** The record of an extended header (`length keyword=value` lines) that makes the archive refused, if there is one. */
export function deceitfulRecord(extended: string): string | undefined {
  for (const line of extended.split("\n")) {
    const match = DECEITFUL_RECORD.exec(line);
    if (match !== null) return match[1];
  }
  return undefined;
}

/** The file's own name, without folders. */
export function nameOf(path: string): string {
  return basename(path);
}

/** An entry's path for messages, in quotation marks, at most 120 characters of it. */
export function quotedPath(path: string): string {
  return `"${printable(path.length > PATH_CHARACTERS ? `${path.slice(0, PATH_CHARACTERS)}…` : path)}"`;
}
