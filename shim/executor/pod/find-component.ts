import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { GuestDocument } from "../../spec/guest-document.ts";
import { entrypointCandidates } from "../../spec/is-wasm.ts";
import { visitInRoot } from "../../spec/rooted-path.ts";

const MAGIC = Buffer.from("\0asm");

/**
 * The file that the first argument means, as the shim has found it: itself, or in `PATH`, or in the working directory.
 * Links lead nowhere out of `root`. `undefined` if there is none.
 */
export function findComponent({ args, env, cwd }: GuestDocument, root: string): string | undefined {
  const candidates = entrypointCandidates({ process: { args, env, cwd } });
  for (const candidate of candidates) {
    const place = visitInRoot({ rootfs: root, mounts: [] }, candidate, (found, fd) =>
      fd !== undefined && fstatSync(fd).isFile() && isWasm(join(root, found)) ? found : undefined,
    );
    if (place !== undefined) return join(root, place);
  }
  return undefined;
}

function isWasm(path: string): boolean {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const head = Buffer.alloc(MAGIC.length);
    return readSync(fd, head) === MAGIC.length && head.equals(MAGIC);
  } finally {
    closeSync(fd);
  }
}
