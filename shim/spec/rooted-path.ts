import { closeSync, constants, fstatSync, openSync, readlinkSync } from "node:fs";
import { hasCode } from "@rcm/lib/errors";
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
const ABSENT: readonly string[] = ["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP"];

interface Level {
  readonly name: string;
  /** Opened as a place only. `undefined`: there is nothing. */
  readonly fd: number | undefined;
}

/**
 * Goes to `path` as a process in the container would: links, also absolute ones, and `..` stay in its root. What is
 * missing is taken by its name. `use` gets the place without links, and what is there, which is closed afterwards.
 *
 * Each step is taken from the folder that was opened before, so nothing that changes meanwhile leads out of the root.
 *
 * @throws {SpecError} `SPEC_INVALID` for a path that is too long or has too many links.
 */
export function visitInRoot<T>(view: RootView, path: string, use: (place: string, fd: number | undefined) => T): T {
  const walk = new Walk(view, path);
  try {
    walk.run();
    return use(walk.place, walk.fd);
  } finally {
    walk.close();
  }
}

class Walk {
  readonly #view: RootView;
  readonly #path: string;
  readonly #levels: Level[] = [];
  readonly #todo: string[];
  #root: number | undefined;
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

  get fd(): number | undefined {
    const level = this.#levels.at(-1);
    return level === undefined ? this.#root : level.fd;
  }

  run(): void {
    this.#root = openPlace(this.#view.rootfs);
    for (let name = this.#todo.shift(); name !== undefined; name = this.#todo.shift()) {
      if (name === "..") closePlace(this.#levels.pop()?.fd);
      else this.#enter(name);
    }
  }

  close(): void {
    this.#leave();
    closePlace(this.#root);
  }

  #leave(): void {
    for (const { fd } of this.#levels.splice(0)) closePlace(fd);
  }

  #enter(name: string): void {
    const level = { name, fd: undefined };
    const destination = placeOf([...this.#levels, level]);
    const mount = this.#view.mounts.findLast((each) => each.destination === destination);
    if (mount !== undefined) {
      this.#levels.push({ name, fd: mount.source === undefined ? undefined : openPlace(mount.source) });
      return;
    }
    const parent = this.fd;
    const fd = parent === undefined ? undefined : openPlace(inside(parent, name), constants.O_NOFOLLOW);
    this.#levels.push({ name, fd });
    if (parent !== undefined && fd !== undefined && fstatSync(fd).isSymbolicLink()) this.#follow(parent, name);
  }

  #follow(parent: number, name: string): void {
    this.#links += 1;
    if (this.#links > MAX_LINKS) throw tooMuch(this.#path, `it has more than ${String(MAX_LINKS)} symbolic links`);
    const target = readlinkSync(inside(parent, name));
    closePlace(this.#levels.pop()?.fd);
    if (target.startsWith("/")) this.#leave();
    this.#todo.unshift(...partsOf(target));
  }
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function placeOf(levels: readonly Level[]): string {
  return `/${levels.map(({ name }) => name).join("/")}`;
}

function inside(folder: number, name: string): string {
  return `/proc/self/fd/${String(folder)}/${name}`;
}

function openPlace(path: string, flags = 0): number | undefined {
  try {
    return openSync(path, O_PATH | flags);
  } catch (error) {
    if (hasCode(error, ...ABSENT)) return undefined;
    throw new SpecError("ROOT_UNREADABLE", `Cannot look at "${path}": look at the disk and the volumes of the node`, {
      cause: error,
    });
  }
}

function closePlace(fd: number | undefined): void {
  if (fd !== undefined) closeSync(fd);
}

function tooMuch(path: string, is: string): SpecError {
  return new SpecError(
    "SPEC_INVALID",
    `Cannot use the path ${quote(path)}: ${is}: make it shorter in the image or pod`,
  );
}
