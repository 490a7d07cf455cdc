import { join, relative, resolve, sep } from "node:path";
import { readLink } from "./atomic-file.ts";

/** As many as Linux follows: https://man7.org/linux/man-pages/man7/path_resolution.7.html */
const LINKS_MAX = 40;

export function isBelow(folder: string, path: string): boolean {
  return resolve(path).startsWith(`${resolve(folder)}${sep}`);
}

/**
 * Where a path leads once the links below `folder` are followed. One that leads out of it is followed no further: what
 * a pod has there is not what the host has.
 */
export async function followBelow(folder: string, path: string, linksLeft = LINKS_MAX): Promise<string> {
  if (!isBelow(folder, path) || linksLeft === 0) return path;
  const names = relative(folder, path).split(sep);
  let reached = folder;
  for (const [index, name] of names.entries()) {
    const next = join(reached, name);
    const target = await readLink(next);
    if (target !== undefined) {
      return followBelow(folder, resolve(reached, target, ...names.slice(index + 1)), linksLeft - 1);
    }
    reached = next;
  }
  return reached;
}
