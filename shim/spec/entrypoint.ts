import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { isRunnable, isWasmHead, type Entrypoint, type Inspection } from "./is-wasm.ts";
import { rootViewOf } from "./mount-targets.ts";
import type { OciMount } from "./oci-spec.ts";
import { visitInRoot, type RootView } from "./rooted-path.ts";

const HEAD_BYTES = 8;
/** As people write them, and as Spin's tools lock them. */
const SPIN_MANIFESTS = ["/spin.toml", "/spin.json"];

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
  const hasSpinManifest = SPIN_MANIFESTS.some((path) => look(view, path).kind === "file");
  return { entrypoint: firstRunnable(view, candidates), hasSpinManifest };
}

/**
 * Opens the component that the candidates mean, for reading. `undefined` if they mean something else, or a file of a
 * volume: that may be on a slow disk, and others change it.
 *
 * @returns a descriptor, which the caller closes.
 */
export function openComponent(
  rootfs: string,
  candidates: readonly string[],
  mounts: readonly OciMount[] = [],
): number | undefined {
  const view = rootViewOf(rootfs, mounts);
  const chosen = candidates.find((candidate) => isRunnable(look(view, candidate)));
  if (chosen === undefined) return undefined;
  return visitInRoot(view, chosen, (place, fd) => {
    const isInVolume = view.mounts.some(({ destination }) => isAtOrBelow(place, destination));
    if (fd === undefined || isInVolume || !fstatSync(fd).isFile() || !isWasmHead(readHead(fd))) return undefined;
    return openFile(fd);
  });
}

function isAtOrBelow(place: string, folder: string): boolean {
  return place === folder || place.startsWith(`${folder}/`);
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
  const fd = openFile(place);
  try {
    const head = new Uint8Array(HEAD_BYTES);
    return head.subarray(0, readSync(fd, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}

function openFile(place: number): number {
  return openSync(`/proc/self/fd/${String(place)}`, constants.O_RDONLY | constants.O_NONBLOCK);
}
