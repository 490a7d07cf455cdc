import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { filesByUse } from "@rcm/lib/files-by-use";
import { nodeCrypto } from "@rcm/lib/late-modules";
import { ComponentError } from "../errors.ts";
import { prepare, type PrepareOptions, type Prepared } from "./prepare.ts";
import { encodePrepared, FORMAT, readPrepared } from "./prepared-format.ts";

/** A folder that only this program writes to; any number of processes may do so at the same time. */
export interface PreparedCache {
  readonly folder: string;
  /** All files together; the longest unused go first. Default: 2 GiB. */
  readonly maxBytes?: number;
}

export interface CachedComponent {
  readonly prepared: Prepared;
  /** What went wrong with the cache, if anything: the component is prepared all the same. */
  readonly problem: unknown;
}

const DEFAULT_MAX_BYTES = 2 * 1024 ** 3;
const SUFFIX = ".prepared";
const DIGEST = /^[a-z0-9]+[-:][a-zA-Z0-9=_-]{32,128}$/;

/**
 * Prepares a component, or takes it from the cache if it was prepared before by this version of the program.
 *
 * @param component - its digest, such as `sha256:…`, and its bytes, read only when they are needed.
 * @throws {ComponentError} as {@link prepare}.
 */
export function prepareCached(
  cache: PreparedCache,
  component: { readonly digest: string; readonly read: () => Uint8Array },
  options: PrepareOptions = {},
): CachedComponent {
  const path = join(cache.folder, fileName(component.digest, options));
  const found = readCached(path);
  if (found !== undefined) return { prepared: found, problem: undefined };
  const prepared = prepare(component.read(), options);
  try {
    writeCached(cache, path, encodePrepared(prepared));
    return { prepared, problem: undefined };
  } catch (problem) {
    return { prepared, problem }; // A full disk, say.
  }
}

function fileName(digest: string, { meter, maxMemoryPages }: PrepareOptions): string {
  if (!DIGEST.test(digest)) {
    throw new ComponentError("INVALID", `Cannot look up the component "${digest}": it is no digest`);
  }
  return [digest.replace(":", "-"), meter ?? "without-meter", maxMemoryPages ?? "default", FORMAT].join(".") + SUFFIX;
}

/** `undefined` if it is not there, or not as it was written. */
function readCached(path: string): Prepared | undefined {
  try {
    const prepared = readPrepared(path, "compare");
    const now = new Date();
    if (prepared !== undefined) utimesSync(path, now, now);
    return prepared;
  } catch {
    return undefined;
  }
}

function writeCached(cache: PreparedCache, path: string, content: Uint8Array): void {
  mkdirSync(cache.folder, { recursive: true, mode: 0o700 });
  const half = `${path}.${nodeCrypto().randomUUID()}`;
  try {
    writeFileSync(half, content, { flush: true, mode: 0o600 });
    renameSync(half, path);
  } catch (error) {
    rmSync(half, { force: true });
    throw error;
  }
  prune(cache, path);
}

function prune({ folder, maxBytes = DEFAULT_MAX_BYTES }: PreparedCache, keep: string): void {
  const files = filesByUse(folder).filter(({ path }) => basename(path).includes(SUFFIX));
  let total = files.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size } of files) {
    if (total <= maxBytes) return;
    if (path === keep) continue;
    rmSync(path, { force: true });
    total -= size;
  }
}
