import { join } from "node:path";
import { visitInRoot } from "../../../spec/rooted-path.ts";

/**
 * Where a path of the application is on the host: links, also absolute ones, and `..` stay below `root`. A path that is
 * below `root` already is taken as it is.
 *
 * @returns `undefined` if there is nothing.
 */
export function placeInRoot(root: string, path: string): string | undefined {
  const inside = root !== "/" && path.startsWith(`${root}/`) ? path.slice(root.length) : path;
  return visitInRoot({ rootfs: root, mounts: [] }, inside, (place, fd) =>
    fd === undefined ? undefined : join(root, place),
  );
}
