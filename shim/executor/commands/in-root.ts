import { join, resolve } from "node:path";

/** Where a path of the pod is for this process. By hand, where `root` is `/`, relative ones are from the working folder. */
export function inRoot(root: string, path: string): string {
  return root === "/" ? resolve(path) : join(root, path);
}
