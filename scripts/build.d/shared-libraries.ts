import { readFile, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { BuildError } from "../build-error.ts";
import { neededLibraries } from "./elf-needed.ts";
import type { Platform } from "./platform.ts";

export interface FoundLibrary {
  readonly name: string;
  /** Relative to the root of an image. */
  readonly path: string;
  /** The file itself. */
  readonly source: string;
}

/**
 * The libraries that the executable needs, and those that they need, from a tree of packages; not the loader.
 *
 * @throws {BuildError} `SOURCE_MISSING` if no package has one of them
 */
export async function sharedLibraries(root: string, platform: Platform, executable: string): Promise<FoundLibrary[]> {
  const loader = basename(platform.loader);
  const found = new Map<string, FoundLibrary>();
  for (const pending = [executable]; pending.length > 0;) {
    const elf = await readFile(pending.pop() ?? "");
    for (const name of neededLibraries(elf).filter((one) => one !== loader && !found.has(one))) {
      const path = `usr/lib/${platform.triplet}/${name}`;
      const source = await packagedFile(root, path);
      found.set(name, { name, path, source });
      pending.push(source);
    }
  }
  return [...found.values()];
}

/**
 * The file that a path in a tree of packages leads to.
 *
 * @throws {BuildError} `SOURCE_MISSING` if there is none
 */
export async function packagedFile(root: string, path: string): Promise<string> {
  try {
    const source = await realpath(join(root, path));
    if ((await stat(source)).isFile()) return source;
  } catch (cause) {
    throw new BuildError("SOURCE_MISSING", `Cannot copy "${path}": no package has it`, { cause });
  }
  throw new BuildError("SOURCE_MISSING", `Cannot copy "${path}": it is not a file`);
}
