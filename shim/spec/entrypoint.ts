import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { isRunnable, type Entrypoint, type Inspection } from "./is-wasm.ts";
import { rootViewOf } from "./mount-targets.ts";
import type { OciMount } from "./oci-spec.ts";
import { visitInRoot, type RootView } from "./rooted-path.ts";

const HEAD_BYTES = 8;
const SPIN_MANIFEST = "/spin.toml";

/**
 * Looks at what a container would execute, in its image and its volumes. Reads the mode and 8 bytes of regular files
 * only, and follows no link out of `rootfs`.
 *
 * @param candidates of `entrypointCandidates`.
 * @throws {SpecError} `SPEC_INVALID`, `ROOT_UNREADABLE`.
 */
export function inspectEntrypoint(
  rootfs: string,
  candidates: readonly string[],
  mounts: readonly OciMount[] = [],
): Inspection {
  const view = rootViewOf(rootfs, mounts);
  const manifest = look(view, SPIN_MANIFEST);
  return { entrypoint: firstRunnable(view, candidates), hasSpinManifest: manifest.kind === "file" };
}

/** Like execvp: goes on to the next folder of PATH if what is there cannot be run. */
function firstRunnable(view: RootView, candidates: readonly string[]): Entrypoint {
  let best: Entrypoint = { kind: "missing" };
  for (const candidate of candidates) {
    const found = look(view, candidate);
    if (isRunnable(found)) return found;
    if (best.kind === "missing") best = found;
  }
  return best;
}

function look(view: RootView, path: string): Entrypoint {
  return visitInRoot(view, path, (_place, fd) => {
    if (fd === undefined) return { kind: "missing" };
    const stats = fstatSync(fd);
    if (stats.isDirectory()) return { kind: "folder" };
    return { kind: "file", mode: stats.mode, head: stats.isFile() ? readHead(fd) : new Uint8Array() };
  });
}

function readHead(place: number): Uint8Array {
  const fd = openSync(`/proc/self/fd/${String(place)}`, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const head = new Uint8Array(HEAD_BYTES);
    return head.subarray(0, readSync(fd, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}
