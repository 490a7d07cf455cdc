import { fstatSync, readdirSync, type Stats } from "node:fs";
import { join, relative } from "node:path";
import { visitInRoot } from "../../../spec/rooted-path.ts";
import { quote } from "../document/quote.ts";
import { SpinError } from "../errors.ts";

export interface Found {
  readonly kind: "file" | "folder" | "other";
  /** On the host, without links. */
  readonly path: string;
}

export interface FoundFile {
  /** From the manifest's folder. */
  readonly name: string;
  /** On the host, without links. */
  readonly path: string;
}

const MAX_DEPTH = 64;
const MAX_ENTRIES = 262_144;

/** The folder of a manifest. No link and no `..` leads out of the root that it is in. */
export class ContentFolder {
  readonly #root: string;
  /** In the root. */
  readonly #base: string;

  /** @param root for absolute paths and links: that of the image; `/` for a manifest by hand. */
  constructor(folder: string, root: string) {
    this.#root = root;
    this.#base = `/${relative(root, folder)}`;
  }

  /**
   * @param path from the folder, or from the root if it is absolute.
   * @throws {SpinError} `MISSING` if it cannot be looked at.
   */
  find(path: string): Found | undefined {
    const inRoot = path.startsWith("/") ? path : `${this.#base}/${path}`;
    try {
      return visitInRoot({ rootfs: this.#root, mounts: [] }, inRoot, (place, fd) =>
        fd === undefined ? undefined : { kind: kindOf(fstatSync(fd)), path: join(this.#root, place) },
      );
    } catch (cause) {
      throw unreadable(path, cause);
    }
  }

  /**
   * All files below a folder, by name. Links to files are followed, links to folders are not.
   *
   * @param start from the folder, without a `/` at its ends; empty: all of it.
   * @throws {SpinError} `INVALID` if there are too many or they are too deep, `MISSING` if one cannot be looked at.
   */
  files(start: string): readonly FoundFile[] {
    const files: FoundFile[] = [];
    let entries = 0;
    const todo = [start];
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      const found = this.find(name);
      if (found?.kind !== "folder") continue;
      const children = this.#children(name, found.path);
      entries += children.length;
      if (entries > MAX_ENTRIES || name.split("/").length > MAX_DEPTH) throw tooMuch(start);
      for (const child of children) {
        if (child.kind === "folder") todo.push(child.name);
        else files.push(...this.#fileOf(child));
      }
    }
    return files.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  #children(name: string, path: string): readonly Child[] {
    try {
      return readdirSync(path, { withFileTypes: true }).map((entry) => ({
        name: name === "" ? entry.name : `${name}/${entry.name}`,
        path: join(path, entry.name),
        kind: entry.isSymbolicLink() ? "link" : kindOf(entry),
      }));
    } catch (cause) {
      throw unreadable(name, cause);
    }
  }

  #fileOf({ name, path, kind }: Child): readonly FoundFile[] {
    if (kind === "file") return [{ name, path }];
    const target = kind === "link" ? this.find(name) : undefined;
    return target?.kind === "file" ? [{ name, path: target.path }] : [];
  }
}

interface Child {
  readonly name: string;
  readonly path: string;
  readonly kind: Found["kind"] | "link";
}

function kindOf(status: Pick<Stats, "isFile" | "isDirectory">): Found["kind"] {
  if (status.isFile()) return "file";
  return status.isDirectory() ? "folder" : "other";
}

function unreadable(path: string, cause: unknown): SpinError {
  const remedy = "look at its permissions in the image";
  return new SpinError("MISSING", `Cannot read ${quote(path)}, which spin.toml names: ${remedy}`, { cause });
}

function tooMuch(start: string): SpinError {
  const limits = `more than ${String(MAX_ENTRIES)} files, or folders more than ${String(MAX_DEPTH)} deep`;
  return new SpinError("INVALID", `Cannot take files from ${quote(start)}: it has ${limits}: name smaller folders`);
}
