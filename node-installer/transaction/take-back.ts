import { messageOf } from "@rcm/lib/errors";
import { DEADLINES } from "../context.ts";
import type { Context } from "../context.ts";
import { InstallError } from "../errors.ts";
import { isSameRuntime, servedRuntime } from "../runtimes.ts";
import { disarmBootRestore } from "./boot-restore.ts";
import { revertFiles, revertLink } from "./change-files.ts";
import { configuredRuntime } from "./configured-runtime.ts";
import { removeJournal } from "./journal.ts";
import type { Journal } from "./journal.ts";

/**
 * Takes a change back: files, link, and containerd itself where it runs with what was taken back. Proves that an
 * ordinary pod can start afterwards.
 *
 * @returns how often containerd was restarted.
 * @throws {InstallError} `OrdinaryPodsBroken` when the node could not be made well; the journal then stays.
 */
export async function takeBack(context: Context, journal: Journal, unit: string, signal: AbortSignal): Promise<number> {
  const foreign = await revertFiles(journal);
  if (foreign.length > 0) context.log.warn("Files were changed by somebody else meanwhile; left alone", { foreign });
  await revertLink(context.store, journal);
  const restarts = context.restart === "auto" ? await settle(context, journal, unit, signal) : 0;
  await context.links.disarm(signal);
  await disarmBootRestore(context, unit, signal);
  await removeJournal(context.store.root);
  context.log.info("Change taken back", { restarts });
  return restarts;
}

async function settle(context: Context, journal: Journal, unit: string, signal: AbortSignal): Promise<number> {
  let restarts = 0;
  if (await runsOther(context, journal, signal)) {
    restarts += 1;
    await context.links.restart(unit, signal).catch((error: unknown) => {
      context.log.error("Restart failed while taking the change back", { error: messageOf(error) });
    });
  }
  await context.links.cri.facts(DEADLINES.criAfterRestart, signal);
  const failure = await context.links.cri.probe(undefined, signal);
  if (failure === undefined) return restarts;
  throw new InstallError(
    "OrdinaryPodsBroken",
    `The change was taken back, but an ordinary pod cannot start: ${failure}: look at the node`,
  );
}

/** Whether the running containerd has read a configuration that is not on disk any more. */
async function runsOther(context: Context, journal: Journal, signal: AbortSignal): Promise<boolean> {
  if (journal.files.length === 0) return false;
  try {
    const facts = await context.links.cri.facts(DEADLINES.cri, signal);
    const { handler } = journal;
    return !isSameRuntime(servedRuntime(facts, handler), await configuredRuntime(context, handler, signal));
  } catch (error) {
    context.log.warn("Containerd does not answer", { error: messageOf(error) });
    return true;
  }
}
