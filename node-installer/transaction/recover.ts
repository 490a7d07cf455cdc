import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { messageOf } from "@rcm/lib/errors";
import { DEADLINES } from "../context.ts";
import type { Context } from "../context.ts";
import { exists, readState, removeFile, removeUnfinished, removeUnfinishedAt } from "../host/atomic-file.ts";
import { linkPath, readShimLink } from "../host/store.ts";
import { findUnseen, refuseUnseen } from "../pod-reach.ts";
import { readRecord, writeRecord } from "../record.ts";
import { isSameRuntime, servedRuntime } from "../runtimes.ts";
import { disarmBootRestore } from "./boot-restore.ts";
import { configuredRuntime } from "./configured-runtime.ts";
import { FIRED_FILE } from "./dead-man.ts";
import { readJournal, removeJournal, sha256 } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { takeBack } from "./take-back.ts";

/**
 * Ends what an earlier installer did not end: keeps its change if that is whole and the node is well with it, else
 * takes it back. Does nothing where nothing was begun.
 *
 * @returns what was done, in one word.
 */
export async function recover(context: Context, signal: AbortSignal): Promise<"nothing" | "kept" | "taken back"> {
  await context.links.scriptEnd(signal);
  await removeProbes(context, signal);
  const journal = await readJournal(context.store.root);
  await noteDeadMan(context);
  if (journal === undefined) {
    await removeJournal(context.store.root); // What was prepared for a transaction that never began.
    return "nothing";
  }
  // By hand more may have been changed than a Job can see; it would take those files for removed.
  refuseUnseen(
    await findUnseen(
      context,
      journal.files.map(({ path }) => path),
    ),
  );
  context.log.warn("An earlier installer was interrupted", { phase: journal.phase, shim: journal.shim });
  const isWell = await isWholeAndWell(context, journal, signal);
  const { name } = await context.links.unit(signal);
  // The host may have begun to take it back just now.
  if (isWell && (await context.links.disarm(signal)) !== "fired") {
    await keep(context, journal, name, signal);
    return "kept";
  }
  await takeBack(context, journal, name, signal);
  return "taken back";
}

/** Pods of a handler hold its shim, also those that a killed installer was trying it with. */
async function removeProbes({ links, log }: Context, signal: AbortSignal): Promise<void> {
  try {
    await links.cri.removeProbes(signal);
  } catch (error) {
    signal.throwIfAborted();
    log.warn("Cannot look for what a killed installer left in containerd", { error: messageOf(error) });
  }
}

async function noteDeadMan({ store, log }: Context): Promise<void> {
  const path = join(store.root, FIRED_FILE);
  if (!(await exists(path))) return;
  log.warn("The dead man's switch took an earlier change back");
  await removeFile(path);
}

async function isWholeAndWell(context: Context, journal: Journal, signal: AbortSignal): Promise<boolean> {
  if (journal.phase === "prepared" || context.restart === "never") return false;
  if (!(await isWhole(context, journal))) return false;
  try {
    const facts = await context.links.cri.facts(DEADLINES.cri, signal);
    const configured = await configuredRuntime(context, journal.handler, signal);
    if (!isSameRuntime(servedRuntime(facts, journal.handler), configured)) return false;
    const ordinary = await context.links.cri.probe(undefined, signal);
    const own = configured === undefined ? undefined : await context.links.cri.probe(journal.handler, signal);
    return ordinary === undefined && own === undefined;
  } catch (error) {
    context.log.warn("Containerd is not well after the interrupted change", { error: messageOf(error) });
    return false;
  }
}

async function isWhole({ store }: Context, { files, link, shim }: Journal): Promise<boolean> {
  const digests = await Promise.all(
    files.map(async ({ path }) => {
      const state = await readState(path);
      return state === undefined ? undefined : sha256(state.bytes);
    }),
  );
  const wanted = files.map(({ after }) => after);
  return isDeepStrictEqual(digests, wanted) && (await readShimLink(store, shim)) === link.after;
}

async function keep(context: Context, journal: Journal, unit: string, signal: AbortSignal): Promise<void> {
  const { root } = context.store;
  await disarmBootRestore(context, unit, signal);
  // Of another recovery, which was about to take the change back and was killed.
  for (const { path } of journal.files) await removeUnfinished(path);
  await removeUnfinishedAt(linkPath(context.store, journal.shim));
  if (journal.folders.length > 0) {
    const record = await readRecord(root);
    await writeRecord(root, { ...record, foldersMade: [...new Set([...record.foldersMade, ...journal.folders])] });
  }
  await removeJournal(root);
}
