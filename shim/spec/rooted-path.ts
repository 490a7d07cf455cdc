import { constants } from "node:fs";
import { open, readlink, type FileHandle } from "node:fs/promises";
import { quote } from "./check.ts";
import { SpecError } from "./errors.ts";

/** The files of a container before it exists, seen from the host. */
export interface RootView {
  /** Folder on the host that will be the container's `/`. */
  readonly rootfs: string;
  /** What will be mounted there; of two at one place the later counts. */
  readonly mounts: readonly RootMount[];
}

export interface RootMount {
  /** In the container: absolute, without `..`, links or a `/` at its end. */
  readonly destination: string;
  /** On the host. `undefined`: something new, with nothing in it. */
  readonly source: string | undefined;
}

/** @see {@link https://man7.org/linux/man-pages/man2/open.2.html}; the number is that of x86 and arm64, Node has no name for it. */
const O_PATH = 0o10_000_000;
/** As Linux itself. */
const MAX_LINKS = 40;
const MAX_PATH = 4096;
const ABSENT = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP"]);

interface Level {
  readonly name: string;
  /** Opened as a place only. `undefined`: there is nothing. */
  readonly handle: FileHandle | undefined;
}

/**
 * Goes to `path` as a process in the container would: links, also absolute ones, and `..` stay in its root. What is
 * missing is taken by its name. `use` gets the place without links, and what is there, which is closed afterwards.
 *
 * Each step is taken from the folder that was opened before, so nothing that changes meanwhile leads out of the root.
 *
 * @throws {SpecError} `SPEC_INVALID` for a path that is too long or has too many links.
 */
export async function visitInRoot<T>(
  view: RootView,
  path: string,
  use: (place: string, handle: FileHandle | undefined) => Promise<T> | T,
): Promise<T> {
  const walk = new Walk(view, path);
  try {
    await walk.run();
    return await use(walk.place, walk.handle);
  } finally {
    await walk.close();
  }
}

class Walk {
  readonly #view: RootView;
  readonly #path: string;
  readonly #levels: Level[] = [];
  readonly #todo: string[];
  #root: FileHandle | undefined;
  #links = 0;

  constructor(view: RootView, path: string) {
    if (path.length > MAX_PATH) throw tooMuch(path, `it has more than ${String(MAX_PATH)} characters`);
    this.#view = view;
    this.#path = path;
    this.#todo = partsOf(path);
  }

  get place(): string {
    return placeOf(this.#levels);
  }

  get handle(): FileHandle | undefined {
    const level = this.#levels.at(-1);
    return level === undefined ? this.#root : level.handle;
  }

  async run(): Promise<void> {
    this.#root = await openPlace(this.#view.rootfs);
    for (let name = this.#todo.shift(); name !== undefined; name = this.#todo.shift()) {
      if (name === "..") await this.#levels.pop()?.handle?.close();
      else await this.#enter(name);
    }
  }

  async close(): Promise<void> {
    await this.#leave();
    await this.#root?.close();
  }

  async #leave(): Promise<void> {
    for (const level of this.#levels.splice(0)) await level.handle?.close();
  }

  async #enter(name: string): Promise<void> {
    const level = { name, handle: undefined };
    const destination = placeOf([...this.#levels, level]);
    const mount = this.#view.mounts.findLast((each) => each.destination === destination);
    if (mount !== undefined) {
      this.#levels.push({ name, handle: mount.source === undefined ? undefined : await openPlace(mount.source) });
      return;
    }
    const parent = this.handle;
    const handle = parent === undefined ? undefined : await openPlace(inside(parent, name), constants.O_NOFOLLOW);
    this.#levels.push({ name, handle });
    if (parent !== undefined && handle !== undefined && (await handle.stat()).isSymbolicLink()) {
      await this.#follow(parent, name);
    }
  }

  async #follow(parent: FileHandle, name: string): Promise<void> {
    this.#links += 1;
    if (this.#links > MAX_LINKS) throw tooMuch(this.#path, `it has more than ${String(MAX_LINKS)} symbolic links`);
    const target = await readlink(inside(parent, name));
    await this.#levels.pop()?.handle?.close();
    if (target.startsWith("/")) await this.#leave();
    this.#todo.unshift(...partsOf(target));
  }
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function placeOf(levels: readonly Level[]): string {
  return `/${levels.map(({ name }) => name).join("/")}`;
}

function inside(folder: FileHandle, name: string): string {
  return `/proc/self/fd/${String(folder.fd)}/${name}`;
}

async function openPlace(path: string, flags = 0): Promise<FileHandle | undefined> {
  try {
    return await open(path, O_PATH | flags);
  } catch (error) {
    if (error instanceof Error && "code" in error && ABSENT.has(String(error.code))) return undefined;
    throw new SpecError("ROOT_UNREADABLE", `Cannot look at "${path}": look at the disk and the volumes of the node`, {
      cause: error,
    });
  }
}

function tooMuch(path: string, is: string): SpecError {
  return new SpecError(
    "SPEC_INVALID",
    `Cannot use the path ${quote(path)}: ${is}: make it shorter in the image or pod`,
  );
}
