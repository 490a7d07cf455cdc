import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { FolderOption } from "../../host/filesystem/preopen.ts";
import type { ContentReference, LockedApp, LockedComponent } from "../app/locked-app.ts";
import { SpinError } from "../errors.ts";
import { Assets } from "./assets.ts";
import { placeInRoot } from "./place-in-root.ts";

/** An application whose content can be read. */
export interface AppFiles extends Disposable {
  readonly app: LockedApp;
  /** The bytes of a component. @throws {SpinError} `MISSING` */
  readSource(component: LockedComponent): Uint8Array;
  /** Equal only for components with the same bytes. */
  sourceKey(component: LockedComponent): string;
  /** The folders that its manifest gives a component, to be read only. @throws {SpinError} `MISSING` */
  foldersOf(component: LockedComponent): Promise<readonly FolderOption[]>;
}

export interface AppFolder {
  readonly app: LockedApp;
  /** The folder that paths of the application are in, and links do not lead out of: `/` by hand. */
  readonly root: string;
  /** With `content`, `assets` and `archives` in it, if the application comes from an artifact. */
  readonly layout: string | undefined;
}

/** The content of an application on the disk. */
export class FolderAppFiles implements AppFiles {
  readonly app: LockedApp;
  readonly #root: string;
  readonly #layout: string | undefined;
  readonly #assets: Assets;

  constructor({ app, root, layout }: AppFolder) {
    this.app = app;
    this.#root = root;
    this.#layout = layout;
    this.#assets = new Assets((reference, what) => this.#locate(reference, what), layout);
  }

  readSource({ id, source }: LockedComponent): Uint8Array {
    const what = `the component "${id}"`;
    const place = this.#locate(source, what);
    if (typeof place !== "string") return place;
    try {
      return readFileSync(place);
    } catch (error) {
      throw new SpinError("MISSING", `Cannot read ${what} from "${place}": build it first`, { cause: error });
    }
  }

  sourceKey({ id, source }: LockedComponent): string {
    if (source.kind === "inline") return `inline ${id}`;
    return source.kind === "digest" ? source.digest : `file ${source.path}`;
  }

  async foldersOf({ id, files }: LockedComponent): Promise<readonly FolderOption[]> {
    const folders: FolderOption[] = [];
    const single = files.filter(({ content, path }) => {
      if (content.kind !== "file" || !path.startsWith("/")) return true;
      const hostPath = this.#locate(content, `a file of the component "${id}"`);
      if (typeof hostPath !== "string" || !isFolder(hostPath)) return true;
      folders.push({ hostPath, guestPath: path, access: "read" });
      return false;
    });
    if (single.length > 0) {
      folders.push({ hostPath: await this.#assets.of(id, single), guestPath: "/", access: "read" });
    }
    return folders;
  }

  /** Where the bytes are, or the bytes themselves. */
  #locate(reference: ContentReference, what: string): string | Uint8Array {
    if (reference.kind === "inline") return reference.bytes;
    if (reference.kind === "file") return this.#locateFile(reference.path, what);
    if (this.#layout === undefined) {
      throw new SpinError("MISSING", `Cannot find ${what}: there is nothing with the digest "${reference.digest}"`);
    }
    return join(this.#layout, "content", reference.digest.slice("sha256:".length));
  }

  #locateFile(path: string, what: string): string {
    if (this.#layout !== undefined) {
      throw new SpinError(
        "INVALID",
        `Cannot use the file "${path}" as ${what}: the image must bring it: push it again`,
      );
    }
    const place = placeInRoot(this.#root, path);
    if (place !== undefined) return place;
    throw new SpinError(
      "MISSING",
      `Cannot find ${what}: there is no file or folder "${path}": build it, or mend its path`,
    );
  }

  [Symbol.dispose](): void {
    const { folder } = this.#assets;
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function isFolder(path: string): boolean {
  return statSync(path).isDirectory();
}
