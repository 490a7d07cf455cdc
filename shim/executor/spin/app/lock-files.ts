import { quote } from "../document/quote.ts";
import { SpinError } from "../errors.ts";
import type { ContentFolder, Found, FoundFile } from "./content-folder.ts";
import { type Glob, isGlob, matchesGlob, parseGlob } from "./glob.ts";
import type { LockedFile } from "./locked-app.ts";
import { type Item, type SingleFile, type WholeFolder, withoutHiding } from "./merged-folders.ts";
import type { ManifestComponent, ManifestFile } from "./spin-manifest.ts";

const MAX_FILES = 65_536;
const MAX_PATTERNS = 1024;
const MAX_PATTERN = 4096;

/**
 * The files that a component sees: a folder as a whole if nothing of it is excluded and nothing else is at its place,
 * else each file. Of two for one place the later one counts.
 *
 * @throws {SpinError} `MISSING` for what is not there, `INVALID` for what is no pattern, leads out of the folder, or is
 * too much.
 */
export function lockFiles({ id, files, excludeFiles }: ManifestComponent, folder: ContentFolder): LockedFile[] {
  if (files.length + excludeFiles.length > MAX_PATTERNS) {
    throw invalid(id, `there are more than ${String(MAX_PATTERNS)} of them: write patterns or folders`);
  }
  const excluded = excludeFiles.map((pattern) => globOf(id, normalize(id, pattern)));
  const selection: Selection = { id, folder, excluded };
  const items = files.flatMap((file) =>
    file.kind === "pattern" ? lockPattern(selection, file.pattern) : lockPlacement(selection, file),
  );
  const locked = withoutHiding(items, {
    filesOf: (one) => filesOf(selection, one),
    has: ({ source }, path) => folder.find(source === "" ? path : `${source}/${path}`) !== undefined,
  }).map((item) => (item.kind === "file" ? item.file : wholeFolder(item)));
  if (locked.length > MAX_FILES) throw invalid(id, `they are more than ${String(MAX_FILES)}: name folders as a whole`);
  return locked;
}

interface Selection {
  readonly id: string;
  readonly folder: ContentFolder;
  readonly excluded: readonly Glob[];
}

function lockPattern(selection: Selection, pattern: string): readonly Item[] {
  const { id, folder } = selection;
  const path = normalize(id, pattern);
  const found = folder.find(path);
  if (found !== undefined) return lockFound(selection, found, { source: path, destination: path });
  if (!isGlob(path)) throw missing(id, pattern);
  const glob = globOf(id, path);
  const files = folder.files(fixedPart(path)).filter(({ name }) => matchesGlob(glob, name, "one-folder"));
  return without(selection, files).map(({ name, path: host }) => single(fileAt(host, name)));
}

function lockPlacement(
  selection: Selection,
  { source, destination }: Extract<ManifestFile, { kind: "placement" }>,
): readonly Item[] {
  const { id, folder } = selection;
  const path = normalize(id, source);
  const found = folder.find(path);
  if (found === undefined) throw missing(id, source);
  return lockFound(selection, found, { source: path, destination: normalize(id, destination) });
}

interface Places {
  readonly source: string;
  readonly destination: string;
}

function lockFound(selection: Selection, found: Found, { source, destination }: Places): readonly Item[] {
  const { id, excluded } = selection;
  if (found.kind === "other") throw invalid(id, `${quote(source)} is neither a file nor a folder: take it out`);
  if (found.kind === "file") {
    if (destination !== "") return [single(fileAt(found.path, destination))];
    throw invalid(id, `the destination of ${quote(source)} is the root: write the path of a file`);
  }
  const folder = { kind: "folder", source, host: found.path, destination } as const;
  return excluded.length === 0 ? [folder] : filesOf(selection, folder).map((file) => single(file));
}

function filesOf(selection: Selection, { source, destination }: WholeFolder): readonly LockedFile[] {
  const { id, folder } = selection;
  return without(selection, folder.files(source)).map(({ name, path }) =>
    fileAt(path, normalize(id, `${destination}/${name.slice(source.length)}`)),
  );
}

function wholeFolder({ host, destination }: WholeFolder): LockedFile {
  return { content: { kind: "file", path: host }, path: `/${destination}` };
}

function single(file: LockedFile): SingleFile {
  return { kind: "file", file };
}

/** In an excluding pattern `*` stands for `/`, too. */
function without({ excluded }: Selection, files: readonly FoundFile[]): readonly FoundFile[] {
  return files.filter(({ name }) => !excluded.some((glob) => matchesGlob(glob, name, "all-folders")));
}

function fileAt(host: string, path: string): LockedFile {
  return { content: { kind: "file", path: host }, path };
}

/** From the folder, without `/` at its ends; empty: the folder itself. */
function normalize(id: string, path: string): string {
  if (path.length > MAX_PATTERN) throw invalid(id, `${quote(path)} is longer than ${String(MAX_PATTERN)}: shorten it`);
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (!parts.includes("..")) return parts.join("/");
  throw invalid(id, `${quote(path)} leads out of the folder of spin.toml: put the files into it`);
}

/** The folders in front of the first special character. */
function fixedPart(pattern: string): string {
  const parts = pattern.split("/");
  return parts
    .slice(
      0,
      parts.findIndex((part) => isGlob(part)),
    )
    .join("/");
}

function globOf(id: string, pattern: string): Glob {
  const glob = parseGlob(pattern);
  if (glob !== undefined) return glob;
  throw invalid(id, `${quote(pattern)} is no pattern: close its [, and write ** between / only`);
}

function missing(id: string, path: string): SpinError {
  const is = `${quote(path)} is not in the folder of spin.toml`;
  return new SpinError(
    "MISSING",
    `Cannot use the files of component ${quote(id)}: ${is}: copy it there, or take it out`,
  );
}

function invalid(id: string, is: string): SpinError {
  return new SpinError("INVALID", `Cannot use the files of component ${quote(id)}: ${is}`);
}
