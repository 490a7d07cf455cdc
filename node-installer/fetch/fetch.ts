import { mkdtemp, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ArchiveError } from "./archive-error.ts";
import { unpackShim } from "./archive.ts";
import { type Downloaded, download } from "./download.ts";
import { FetchError, type FetchReason, cannotFetch } from "./fetch-error.ts";
import { type FetchOrder, type FetchRequest, parseRequest } from "./request.ts";
import { verifyExecutable } from "./verify.ts";

export interface FetchResult {
  /** The executable: mode 0755, complete and on the disk. */
  readonly path: string;
  /** sha256 of the executable, hex. */
  readonly digest: string;
  /** sha256 of what the location served, hex. */
  readonly archiveDigest: string;
  /** Whether `archiveDigest` was compared with a digest in the request. */
  readonly verified: boolean;
  /** Size of the executable. */
  readonly bytes: number;
  /** With those of attempts that failed. */
  readonly downloadedBytes: number;
  readonly attempts: number;
  readonly durationMs: number;
  /** Path of the executable in the archive, whose name may be another than the wanted one; absent if there was no archive. */
  readonly entry?: string;
  /** The dynamic loader that it needs on the node; absent if it is linked statically. */
  readonly interpreter?: string;
}

const BY_ERRNO: Readonly<Partial<Record<string, FetchReason>>> = {
  ENOSPC: "DiskFull",
  EDQUOT: "DiskFull",
  EROFS: "ReadOnlyFileSystem",
};

const REMEDIES: Readonly<Partial<Record<FetchReason, string>>> = {
  DiskFull: ": free some space there",
  ReadOnlyFileSystem: ": make it writable",
};

/**
 * Downloads an artifact, compares its digest before it looks into it, takes the one shim out of it, and puts that into
 * the destination when it is found to be a program for the node. When it fails, the destination is as before.
 *
 * @throws {FetchError} with one of the reasons of a node's Job; `Interrupted` if `signal` aborts.
 */
export async function fetchShim(request: FetchRequest, signal: AbortSignal): Promise<FetchResult> {
  const startMs = performance.now();
  const order = parseRequest(request);
  const timeout = AbortSignal.timeout(order.limits.totalTimeoutMs);
  const either = AbortSignal.any([signal, timeout]);
  try {
    either.throwIfAborted();
    const scratch = await mkdtemp(join(order.destination, ".fetch-"));
    try {
      const result = await fetchInto(scratch, order, startMs + order.limits.totalTimeoutMs, either);
      return { ...result, durationMs: Math.round(performance.now() - startMs) };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  } catch (error) {
    throw explained(error, order, { signal, timeout });
  }
}

async function fetchInto(
  scratch: string,
  order: FetchOrder,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Omit<FetchResult, "durationMs">> {
  const [archive, file] = [join(scratch, "artifact"), join(scratch, "shim")];
  const downloaded = await download(order, archive, deadlineMs, signal);
  checkDigest(downloaded, order);
  const wanted = { binaryName: order.binaryName, maxBinaryBytes: order.limits.maxBinaryBytes };
  const unpacked = await unpackShim(archive, file, wanted, signal);
  const executable = await verifyExecutable(file, order.architecture, order.shown);
  signal.throwIfAborted();
  const path = await publish(file, order);
  return {
    path,
    ...unpacked,
    ...executable,
    archiveDigest: downloaded.digest,
    verified: order.sha256 !== undefined,
    downloadedBytes: downloaded.bytes,
    attempts: downloaded.attempts,
  };
}

function checkDigest({ digest }: Downloaded, { sha256, shown }: FetchOrder): void {
  if (sha256 === undefined || sha256 === digest) return;
  const theCase = `its sha256 is ${digest}, and the Shim says ${sha256}: correct the Shim, or somebody changed the artifact`;
  throw cannotFetch("DigestMismatch", shown, theCase);
}

/** Gives the file its name and mode, so that both survive a loss of power. */
async function publish(file: string, order: FetchOrder): Promise<string> {
  const path = join(order.destination, order.fileName);
  await using handle = await open(file);
  await handle.chmod(0o755); // The umask does not count.
  await handle.sync();
  await rename(file, path);
  await using folder = await open(order.destination);
  await folder.sync();
  return path;
}

function explained(
  error: unknown,
  order: FetchOrder,
  { signal, timeout }: { readonly signal: AbortSignal; readonly timeout: AbortSignal },
): FetchError {
  const { shown, limits, destination } = order;
  if (signal.aborted) return cannotFetch("Interrupted", shown, "it was told to stop", { cause: error });
  if (error instanceof FetchError) return error;
  if (error instanceof ArchiveError) return cannotFetch(error.code, shown, error.message, { cause: error });
  if (timeout.aborted) {
    const theCase = `it takes longer than ${String(limits.totalTimeoutMs / 1000)} s, with all attempts`;
    return cannotFetch("ArtifactTimeout", shown, theCase, { cause: error });
  }
  const errno = error instanceof Error && "code" in error ? String(error.code) : "an unexpected error";
  const code = BY_ERRNO[errno] ?? "InternalError";
  return cannotFetch(code, shown, `writing to "${destination}" fails (${errno})${REMEDIES[code] ?? ""}`, {
    cause: error,
  });
}
