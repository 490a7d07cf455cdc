import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { lockFile } from "@rcm/lib/flock";
import { nodeCrypto } from "@rcm/lib/late-modules";
import { PART, pruneFiles } from "../content/prune-files.ts";
import { Runc } from "../runc/runc.ts";
import { removeEmptyCgroups } from "./empty-cgroups.ts";
import { PreparedError } from "./errors.ts";
import type { PreparedSettings, PrepareOrder, PreparerRunc } from "./prepared-components.ts";
import { hasFailed, markFailed, usePrepared } from "./prepared-files.ts";
import { digestOf } from "./read-component.ts";
import { bundlesIn, RUNC_MS, runPreparer, statesIn } from "./run-preparer.ts";

/** One component at a time on a node; whoever comes later waits so long. */
const LOCK_MS = 10 * 60_000;
/** A disk with less is for others. */
const MIN_FREE_BYTES = 1024 ** 3;

interface PrepareContext {
  readonly runc: PreparerRunc;
  readonly signal: AbortSignal;
}

/**
 * Prepares a component in a container of its own, unless another shim has done so meanwhile. The
 * next preparation on the node removes what is left when this process dies meanwhile.
 *
 * @throws what went wrong; then it is not tried again for a while.
 */
export async function prepareInContainer(
  settings: PreparedSettings,
  order: PrepareOrder,
  { runc, signal }: PrepareContext,
): Promise<void> {
  mkdirSync(settings.folder, { recursive: true, mode: 0o700 });
  mkdirSync(settings.runFolder, { recursive: true, mode: 0o700 });
  const lockPath = join(settings.runFolder, "lock");
  closeSync(openSync(lockPath, "a", 0o600));
  const lock = await lockFile(lockPath, LOCK_MS, signal);
  if (lock === undefined) {
    throw new PreparedError("BUSY", "Cannot begin: other shims have been preparing for ten minutes");
  }
  try {
    if (usePrepared(order.path) || hasFailed(order.path)) return;
    await prepareAlone(settings, order, { runc, signal });
  } catch (error) {
    // That one container's file is another now says nothing of the component.
    const isItsOwn = !(error instanceof PreparedError && error.code === "CHANGED");
    if (!signal.aborted && isItsOwn) markFailed(order.path);
    throw error;
  } finally {
    await lock.release();
  }
}

async function prepareAlone(settings: PreparedSettings, order: PrepareOrder, context: PrepareContext): Promise<void> {
  const { folder, maxBytes } = settings;
  const runc = runcFor(settings, context.runc);
  await removeLeftovers(settings, runc);
  pruneFiles(folder, maxBytes);
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < MIN_FREE_BYTES) {
    throw new PreparedError("NO_SPACE", `Cannot keep more in "${folder}": its disk has less than 1 GiB left`);
  }
  const part = `${order.path}.${nodeCrypto().randomUUID()}${PART}`;
  const output = openSync(part, "wx", 0o600);
  try {
    using component = await componentOf(order, folder, context.signal);
    const { systemdCgroup } = context.runc;
    await runPreparer({ ...settings, order, runc, systemdCgroup, component: component.file, output }, context.signal);
    fchownSync(output, 0, 0);
    fchmodSync(output, 0o444);
    fsyncSync(output);
    renameSync(part, order.path);
  } finally {
    closeSync(output);
    rmSync(part, { force: true });
  }
}

interface ReadOnlyFile extends Disposable {
  readonly file: string;
}

/** A layer's file is root's, and nobody writes to it; of an image's file, which its container may change, a copy that is so. */
async function componentOf(
  { place, digest }: PrepareOrder,
  folder: string,
  signal: AbortSignal,
): Promise<ReadOnlyFile> {
  if (place.kind === "layer") return { file: place.file, [Symbol.dispose]: () => undefined };
  const file = join(folder, `${nodeCrypto().randomUUID()}${PART}`);
  function remove(): void {
    rmSync(file, { force: true });
  }
  const source = place.open();
  if (source === undefined) throw new PreparedError("CHANGED", "Cannot read the component: its file is gone");
  const copy = openSync(file, "wx", 0o444);
  try {
    const copied = await digestOf(source, signal, (chunk) => {
      writeWhole(copy, chunk);
    });
    if (copied !== digest) throw new PreparedError("CHANGED", "Cannot prepare the component: its file has changed");
    fchmodSync(copy, 0o444); // Whatever the umask is.
    return { file, [Symbol.dispose]: remove };
  } catch (error) {
    remove();
    throw error;
  } finally {
    closeSync(copy);
    closeSync(source);
  }
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}

function runcFor({ runFolder, reaper }: PreparedSettings, { binary, systemdCgroup }: PreparerRunc): Runc {
  const root = statesIn(runFolder);
  return new Runc({ binary, root, systemdCgroup, spawn: (...call) => reaper.spawnOwn(...call) });
}

/** Of shims that died: whoever has the lock is the only one. */
async function removeLeftovers({ runFolder }: PreparedSettings, runc: Runc): Promise<void> {
  mkdirSync(statesIn(runFolder), { recursive: true, mode: 0o700 });
  for (const entry of readdirSync(statesIn(runFolder), { withFileTypes: true })) {
    if (entry.isDirectory()) await runc.delete(entry.name, { force: true }, AbortSignal.timeout(RUNC_MS));
  }
  rmSync(bundlesIn(runFolder), { recursive: true, force: true });
  removeEmptyCgroups();
}
