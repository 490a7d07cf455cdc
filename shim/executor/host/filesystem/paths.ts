import { closeSync, constants } from "node:fs";
import { FilesystemError, type FilesystemErrorCode } from "./error-code.ts";
import { O_PATH, type OpenBeneath } from "./open-beneath.ts";

/** The kernel gives up on a path while a folder of it is moved; then another try may pass. */
const MAX_TRIES = 16;

/**
 * {@link OpenBeneath} as guests see it: a path out of the folder is not permitted.
 *
 * @throws {Error} as OpenBeneath, and {@link FilesystemError}
 */
export function openInFolder(
  openBeneath: OpenBeneath,
  { folderFd, path }: { readonly folderFd: number; readonly path: string },
  flags: number,
  mode = 0,
): number {
  if (path.includes("\0")) throw new FilesystemError("invalid");
  for (let left = MAX_TRIES; ; left -= 1) {
    try {
      return openBeneath(folderFd, path, flags, mode);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EXDEV") throw new FilesystemError("not-permitted");
      if (code !== "EAGAIN" || left <= 1) throw error;
    }
  }
}

/**
 * Calls `use` with a path for Node's functions that means `path` in the folder: its parent is open and held by its
 * descriptor, so that nothing but the last component is looked up, and the functions used here do not follow that one.
 * A slash after it stays, and the kernel then takes nothing but a folder; for those of the functions that would follow
 * a link before a slash, see {@link refuseAsFolder}.
 *
 * @throws {Error} as {@link openInFolder}, and what `use` throws.
 */
export function withEntry<T>(
  openBeneath: OpenBeneath,
  { folderFd, path }: { readonly folderFd: number; readonly path: string },
  use: (entryPath: string) => T,
): T {
  const { parent, name } = splitPath(path);
  if (parent === ".") return use(`/proc/self/fd/${folderFd}/${name}`);
  const parentFd = openInFolder(openBeneath, { folderFd, path: parent }, O_PATH | constants.O_DIRECTORY);
  try {
    return use(`/proc/self/fd/${parentFd}/${name}`);
  } finally {
    closeSync(parentFd);
  }
}

/**
 * Refuses a path that ends with a slash, for what is never done to a folder: with `code` if it leads to one, else with
 * the kernel's own error.
 *
 * @throws {Error} as {@link openInFolder}, and {@link FilesystemError}
 */
export function refuseAsFolder(
  openBeneath: OpenBeneath,
  place: { readonly folderFd: number; readonly path: string },
  code: FilesystemErrorCode,
): void {
  if (!place.path.endsWith("/")) return;
  closeSync(openInFolder(openBeneath, place, O_PATH | constants.O_DIRECTORY));
  throw new FilesystemError(code);
}

/**
 * The last component, with one slash if there are any after it, and what is before it. A path that ends with `.` or `..`
 * names a folder itself: that is the parent then, and the name is `.`, which the kernel never makes, moves or removes.
 *
 * @throws {FilesystemError} if it is no path that is relative to a folder.
 */
export function splitPath(path: string): { readonly parent: string; readonly name: string } {
  if (path.includes("\0")) throw new FilesystemError("invalid");
  if (path === "") throw new FilesystemError("no-entry");
  if (path.startsWith("/")) throw new FilesystemError("not-permitted");
  const trimmed = path.replace(/\/+$/, "");
  const slash = trimmed.lastIndexOf("/");
  const name = trimmed.slice(slash + 1);
  if (name === "." || name === "..") return { parent: trimmed, name: "." };
  return { parent: slash < 0 ? "." : trimmed.slice(0, slash), name: trimmed === path ? name : `${name}/` };
}
