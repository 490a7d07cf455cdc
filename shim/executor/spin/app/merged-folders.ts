import type { LockedFile } from "./locked-app.ts";

/** A folder of the manifest's that could be mounted as a whole. */
export interface WholeFolder {
  readonly kind: "folder";
  /** From the manifest's folder, without `/` at its ends. */
  readonly source: string;
  /** On the host, without links. */
  readonly host: string;
  /** In the guest, without `/` at its ends; empty: the root. */
  readonly destination: string;
}

export interface SingleFile {
  readonly kind: "file";
  readonly file: LockedFile;
}

export type Item = WholeFolder | SingleFile;

export interface FolderContent {
  /** Each of its files, by itself. */
  filesOf(folder: WholeFolder): readonly LockedFile[];
  /** @param path from the folder. */
  has(folder: WholeFolder, path: string): boolean;
}

/**
 * Guests find the folder for a path by its longest name, and look nowhere else: of two at one place, or one within the
 * other, one would hide what is in the other. Those become single files, which are put into one folder in the order of
 * the manifest.
 */
export function withoutHiding(items: readonly Item[], content: FolderContent): readonly Item[] {
  const folders = items.filter((item) => item.kind === "folder");
  const hiding = new Set(
    folders.filter((one) => folders.some((other) => hides(one, other, content) || hides(other, one, content))),
  );
  const next = items.flatMap<Item>((item) =>
    item.kind === "folder" && hiding.has(item) ? expanded(item, content) : [item],
  );
  return withoutHidingFiles(next, content);
}

/** Again and again, for each folder makes more files. */
function withoutHidingFiles(items: readonly Item[], content: FolderContent): readonly Item[] {
  const files = items.filter((item) => item.kind === "file");
  const next = items.flatMap<Item>((item) =>
    item.kind === "folder" && files.some(({ file }) => isWithin(file.path, item.destination))
      ? expanded(item, content)
      : [item],
  );
  return next.every((item, index) => item === items[index]) ? next : withoutHidingFiles(next, content);
}

function expanded(folder: WholeFolder, content: FolderContent): readonly SingleFile[] {
  return content.filesOf(folder).map((file) => ({ kind: "file", file }));
}

/** Whether the inner one takes the place of something in the outer one. */
function hides(inner: WholeFolder, outer: WholeFolder, content: FolderContent): boolean {
  if (inner === outer) return false;
  if (inner.destination === outer.destination) return true;
  if (!isWithin(inner.destination, outer.destination)) return false;
  const start = outer.destination === "" ? 0 : outer.destination.length + 1;
  return content.has(outer, inner.destination.slice(start));
}

function isWithin(path: string, folder: string): boolean {
  return folder === "" || path.startsWith(`${folder}/`);
}
