import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { InstallRequest } from "@rcm/lib/install-job";
import type { Context } from "./context.ts";
import { InstallError } from "./errors.ts";
import { exists } from "./host/atomic-file.ts";
import { hasBinary } from "./host/store.ts";
import { inspectFiles } from "./inspect.ts";
import { checkMachine } from "./machine.ts";
import { refuseForeignContainerd } from "./own-pod.ts";
import { planConfig } from "./plan.ts";
import { refuseFolders, refuseOwners } from "./pod-reach.ts";
import { readRecord } from "./record.ts";
import type { HostRecord } from "./record.ts";
import { refuseTaken } from "./taken-handler.ts";

/** Free space that the store must have, in bytes: the largest shims known are below 100 MB. */
const FREE_MIN_BYTES = 256 * 1024 * 1024;

/**
 * Looks whether an install could succeed, and changes nothing: wrong machine, a containerd that is not the kubelet's, a
 * configuration that cannot be edited safely, a full disk are found before anything is downloaded.
 *
 * @returns digest of the executable if the store has what the request wants already: then nothing need be fetched.
 */
export async function preflight(
  context: Context,
  request: InstallRequest,
  signal: AbortSignal,
): Promise<string | undefined> {
  await checkMachine(context.machineIdPath, request.node.machineId);
  const record = await readRecord(context.store.root);
  refuseTaken(record, request);
  const facts = await inspectFiles(context, signal);
  await refuseForeignContainerd(context, signal);
  const files = planConfig(context, facts, request);
  await refuseFolders(files);
  await refuseOwners(context, files);
  const known = await storedDigest(context, request, record);
  if (known === undefined) await checkSpace(context.store.root);
  return known;
}

async function storedDigest(
  { store }: Context,
  { shim, artifact }: InstallRequest,
  { shims }: HostRecord,
): Promise<string | undefined> {
  const entry = shims[shim];
  if (entry === undefined || artifact === undefined) return undefined;
  if (entry.source?.toLowerCase() !== (artifact.sha256 ?? artifact.location).toLowerCase()) return undefined;
  return (await hasBinary(store, entry.digest, shim)) ? entry.digest : undefined;
}

async function checkSpace(root: string): Promise<void> {
  const folder = (await exists(root)) ? root : dirname(root);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= FREE_MIN_BYTES) return;
  throw new InstallError(
    "DiskFull",
    `The disk of "${root}" has ${Math.floor(free / 2 ** 20)} MiB free, and ${FREE_MIN_BYTES / 2 ** 20} MiB are needed: free some space there`,
  );
}
