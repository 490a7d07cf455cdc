import type { Context } from "./context.ts";
import { DEADLINES } from "./context.ts";
import { InstallError } from "./errors.ts";
import { digestPath, linkedDigests, storedDigests } from "./host/store.ts";
import type { HostRecord } from "./record.ts";

/** Unit on the host that waits until nobody uses old executables any more. */
const WAITER = "rcm-gc.service";

/** How often the waiter looks, in seconds. */
const POLL_SECONDS = 10;

/**
 * Removes executables that no shim has any more. One that a process still runs stays until that process ends: a small
 * script on the host waits for it, since no installer may be there then.
 *
 * @returns digests that are still in use.
 */
export async function collectGarbage(
  context: Context,
  record: HostRecord,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { store, log } = context;
  // A link outlives its record when a change was kept that its installer could not write down.
  const wanted = new Set([...Object.values(record.shims).map(({ digest }) => digest), ...(await linkedDigests(store))]);
  const unwanted = (await storedDigests(store)).filter((digest) => !wanted.has(digest));
  if (unwanted.length === 0) return [];
  const busy = await digestsInUse(context, signal);
  const idle = unwanted.filter((digest) => !busy.has(digest));
  if (idle.length > 0) await removeOnHost(context, idle, signal);
  if (idle.length > 0) log.info("Unused versions removed", { digests: idle });
  const waiting = unwanted.filter((digest) => busy.has(digest));
  if (waiting.length > 0) await waitOnHost(context, waiting, signal);
  return waiting;
}

/** By the host: what a shim has unpacked may belong to anybody, and this process may have no capability to remove it. */
async function removeOnHost({ links, store }: Context, digests: readonly string[], signal: AbortSignal): Promise<void> {
  const paths = digests.map((digest) => digestPath(store, digest));
  const { exitCode, stderr } = await links.run(["/bin/rm", "-rf", ...paths], DEADLINES.command, signal);
  if (exitCode === 0) return;
  throw new InstallError(
    "InternalError",
    `Cannot remove ${paths.map((path) => `"${path}"`).join(", ")}: ${stderr.trim()}`,
  );
}

/** Digests whose executable some process on the host runs. */
export async function digestsInUse({ links, store }: Context, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const script =
    'for exe in /proc/[0-9]*/exe; do readlink "$exe" 2>/dev/null; done | grep -F "$1/store/" | sort -u; exit 0';
  const { stdout } = await links.run(["/bin/sh", "-c", script, "sh", store.root], DEADLINES.command, signal);
  return new Set([...stdout.matchAll(/\/store\/([a-f0-9]{64})\//g)].map(([, digest = ""]) => digest));
}

/**
 * A link in `bin` that names the folder by then keeps it: a rollback may have taken the version into use again. An
 * installer may be about to do so, having found it in the store: so it is removed by who holds the host's lock. A host
 * without flock(1) goes without.
 */
function waiterScript({ store: { root }, machineIdPath }: Context, digests: readonly string[]): string {
  return [
    `cd '${root}/store' || exit 0`,
    'busy() { for exe in /proc/[0-9]*/exe; do readlink "$exe" 2>/dev/null; done | grep -qF "/store/$1/"; }',
    'linked() { for link in ../bin/*; do readlink "$link"; done | grep -qF "/store/$1/"; }',
    `for digest in ${digests.join(" ")}; do`,
    `  while busy "$digest"; do sleep ${POLL_SECONDS}; done`,
    `  (flock 9 2>/dev/null; linked "$digest" || rm -rf "$digest") 9<'${machineIdPath}'`,
    "done",
    `(flock 9 2>/dev/null; rmdir '${root}/store' '${root}/bin' '${root}' 2>/dev/null) 9<'${machineIdPath}'`,
    "exit 0",
  ].join("\n");
}

async function waitOnHost(context: Context, digests: readonly string[], signal: AbortSignal): Promise<void> {
  context.log.info("Old versions are still in use; they go when nobody uses them", { digests });
  await context.links.detach(WAITER, ["/bin/sh", "-c", waiterScript(context, digests)], signal);
}
