import { rmdir } from "node:fs/promises";
import type { InstallRequest } from "@rcm/lib/install-job";
import { DEADLINES } from "./context.ts";
import type { Context } from "./context.ts";
import { InstallError } from "./errors.ts";
import { collectGarbage, digestsInUse } from "./garbage.ts";
import { checkChange } from "./gate.ts";
import { exists } from "./host/atomic-file.ts";
import { removeEmptyFolders } from "./host/store.ts";
import { inspectHost } from "./inspect.ts";
import type { Result } from "./install.ts";
import { checkMachine, lockHost } from "./machine.ts";
import { planUninstall } from "./plan.ts";
import { refuseUnseen } from "./pod-reach.ts";
import { readRecord, writeRecord } from "./record.ts";
import type { HostRecord } from "./record.ts";
import { isAsExpected, servedRuntime, startsOurs, type Expectation } from "./runtimes.ts";
import { isTaken } from "./taken-handler.ts";
import { recover } from "./transaction/recover.ts";
import { transact } from "./transaction/transact.ts";
import type { Change } from "./transaction/transact.ts";

/** Pods hold the handler; removing it would take them down at the next restart of containerd. */
export class InUseError extends InstallError {
  readonly users: readonly string[];

  constructor(users: readonly string[]) {
    const names = users.slice(0, 20);
    const more = users.length > names.length ? ` and ${users.length - names.length} more` : "";
    super("InUse", `The shim is used by ${names.join(", ")}${more}: it is removed once they have ended`);
    this.users = names;
  }
}

/** Takes a shim off this host. The host is then as it was before, byte for byte, unless somebody else changed it. */
export async function uninstall(context: Context, request: InstallRequest, signal: AbortSignal): Promise<Result> {
  await checkMachine(context.machineIdPath, request.node.machineId);
  const lock = await lockHost(context, signal);
  try {
    await recover(context, signal);
    return await uninstallLocked(context, request, signal);
  } finally {
    await lock.release();
  }
}

async function uninstallLocked(context: Context, request: InstallRequest, signal: AbortSignal): Promise<Result> {
  const record = await readRecord(context.store.root);
  const facts = await inspectHost(context, signal);
  const handler = record.shims[request.shim]?.handler ?? request.handler;
  const planned = await planUninstall(context, facts, request.shim, handler);
  const change = isTaken(record, { shim: request.shim, handler }) ? { ...planned, files: [] } : planned;
  if (await isAbsent(context, change, record, signal)) {
    await forget(context, request.shim, record.foldersMade, signal); // A killed uninstall may have left them.
    return { message: "Nothing to remove", restarts: 0 };
  }
  refuseUnseen(facts.unseen);
  await refuseIfUsed(context, change.expected, record.shims[request.shim]?.digest, signal);
  await checkChange(context, facts, change, signal);
  const outcome = await transact(context, change, async () => forgetRecord(context, request.shim), signal);
  await forget(context, request.shim, record.foldersMade, signal);
  return {
    message: `Removed handler "${handler}"`,
    restarts: outcome.restarts,
    ...(outcome.outageMs === undefined ? {} : { outageMs: outcome.outageMs }),
  };
}

async function isAbsent(context: Context, change: Change, record: HostRecord, signal: AbortSignal): Promise<boolean> {
  const onDisk = change.files.length > 0 || change.link.before !== undefined || record.shims[change.shim] !== undefined;
  if (onDisk) return false;
  if (context.restart === "never") return true;
  const facts = await context.links.cri.facts(DEADLINES.cri, signal);
  return isAsExpected(servedRuntime(facts, change.expected.handler), change.expected);
}

async function refuseIfUsed(
  context: Context,
  { handler, ours }: Expectation,
  digest: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (context.restart === "never") return;
  const served = servedRuntime(await context.links.cri.facts(DEADLINES.cri, signal), handler);
  const isForeign = served !== undefined && !startsOurs(served, ours);
  const sandboxes = isForeign ? [] : await context.links.cri.sandboxes(signal);
  const pods = sandboxes.filter((sandbox) => sandbox.handler === handler && sandbox.ready).map(({ pod }) => pod);
  if (pods.length > 0) throw new InUseError(pods);
  if (digest === undefined || !(await digestsInUse(context, signal)).has(digest)) return;
  throw new InUseError(["a process on the host"]);
}

async function forgetRecord({ store }: Context, shim: string): Promise<void> {
  const record = await readRecord(store.root);
  const shims = Object.fromEntries(Object.entries(record.shims).filter(([name]) => name !== shim));
  await writeRecord(store.root, { ...record, shims });
}

/** Takes away what is left: executables, folders that we made, our own root. */
async function forget(context: Context, shim: string, folders: readonly string[], signal: AbortSignal): Promise<void> {
  const { store } = context;
  await forgetRecord(context, shim);
  const record = await readRecord(store.root);
  await collectGarbage(context, record, signal);
  if (Object.keys(record.shims).length > 0) return;
  for (const folder of folders.toReversed()) await rmdir(folder).catch(() => undefined);
  await writeRecord(store.root, { ...record, foldersMade: [] });
  await removeEmptyFolders(store);
  // In a pod the root is a mount, which only the host can take away.
  if (!(await exists(store.root))) return;
  await context.links.detach(
    "rcm-tidy.service",
    ["/bin/sh", "-c", `rmdir '${store.root}' 2>/dev/null; exit 0`],
    signal,
  );
}
