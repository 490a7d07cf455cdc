/**
 * `openat2` with RESOLVE_BENEATH: no component of the path, no `..` and no symbolic link leads out of the folder.
 * Adds O_CLOEXEC. Returns the new descriptor.
 *
 * @throws {Error} with the name of the errno as `code`; `EXDEV` if the path leads out.
 */
export type OpenBeneath = (folderFd: number, path: string, flags: number, mode: number) => number;

/** Flags of Linux that `node:fs` does not name. */
export const O_PATH = 0x20_0000;
