import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What of the node is mounted into an executor's root. */
export interface MountedFile {
  readonly source: string;
  readonly destination: string;
  readonly kind: "file" | "folder";
}

/**
 * runc gives a tmpfs the mode of the folder that it is mounted on, whatever the mount's options say.
 *
 * @see {@link https://github.com/opencontainers/runc/blob/v1.1.5/libcontainer/rootfs_linux.go}
 */
const SCRATCH = "/tmp";
const SCRATCH_MODE = 0o1777;

/** Makes a root of empty folders and files, to mount things on. */
export function makeTree(
  tree: string,
  places: { readonly folders: readonly string[]; readonly files: readonly string[] },
  mounted: readonly MountedFile[],
): void {
  for (const folder of places.folders) mkdirSync(join(tree, folder), { recursive: true, mode: 0o755 });
  if (places.folders.includes(SCRATCH)) chmodSync(join(tree, SCRATCH), SCRATCH_MODE);
  for (const file of places.files) writeFileSync(join(tree, file), "", { mode: 0o644 });
  for (const { destination, kind } of mounted) {
    mkdirSync(dirname(join(tree, destination)), { recursive: true, mode: 0o755 });
    if (kind === "folder") mkdirSync(join(tree, destination), { recursive: true, mode: 0o755 });
    else writeFileSync(join(tree, destination), "", { mode: 0o755 });
  }
}
