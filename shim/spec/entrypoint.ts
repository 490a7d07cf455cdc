import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
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
export async function inspectEntrypoint(
  rootfs: string,
  candidates: readonly string[],
  mounts: readonly OciMount[] = [],
): Promise<Inspection> {
  const view = await rootViewOf(rootfs, mounts);
  const manifest = await look(view, SPIN_MANIFEST);
  return { entrypoint: await firstRunnable(view, candidates), hasSpinManifest: manifest.kind === "file" };
}

/** Like execvp: goes on to the next folder of PATH if what is there cannot be run. */
async function firstRunnable(view: RootView, candidates: readonly string[]): Promise<Entrypoint> {
  let best: Entrypoint = { kind: "missing" };
  for (const candidate of candidates) {
    const found = await look(view, candidate);
    if (isRunnable(found)) return found;
    if (best.kind === "missing") best = found;
  }
  return best;
}

async function look(view: RootView, path: string): Promise<Entrypoint> {
  return visitInRoot(view, path, async (_place, handle) => {
    const stats = await handle?.stat();
    if (handle === undefined || stats === undefined) return { kind: "missing" };
    if (stats.isDirectory()) return { kind: "folder" };
    return { kind: "file", mode: stats.mode, head: stats.isFile() ? await readHead(handle) : new Uint8Array() };
  });
}

async function readHead(place: FileHandle): Promise<Uint8Array> {
  const file = await open(`/proc/self/fd/${String(place.fd)}`, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
