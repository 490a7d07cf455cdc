import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf } from "@rcm/lib/errors";
import { DEADLINES, DEAD_MAN_SECONDS } from "../context.ts";
import type { Context } from "../context.ts";
import { InstallError } from "../errors.ts";
import { proveHealth, takeBaseline } from "../health.ts";
import type { Baseline, Health } from "../health.ts";
import { exists, makeFolder, writeAtomic } from "../host/atomic-file.ts";
import { setShimLink } from "../host/store.ts";
import { reasonOf } from "../report.ts";
import { isAsExpected, servedRuntime, type Expectation } from "../runtimes.ts";
import { armBootRestore, disarmBootRestore } from "./boot-restore.ts";
import { applyFiles } from "./change-files.ts";
import type { WantedFile } from "./change-files.ts";
import { deadManScript, FIRED_FILE } from "./dead-man.ts";
import { newId, removeJournal, saveFile, scratchFolder, sha256, writeJournal } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { takeBack } from "./take-back.ts";

/** A change of a node: all of it happens, or none. */
export interface Change {
  readonly operation: Journal["operation"];
  readonly shim: string;
  readonly files: readonly WantedFile[];
  readonly link: Journal["link"];
  readonly expected: Expectation;
  readonly unit: string;
}

export interface Outcome {
  readonly restarts: number;
  readonly outageMs: number | undefined;
  readonly health: Health;
  /** Folders that were made for files of containerd's configuration. */
  readonly foldersMade: readonly string[];
}

/** The change failed and was taken back; the node is as it was before, and that was proven. */
export class RolledBackError extends InstallError {
  readonly restarts: number;

  constructor(cause: unknown, restarts: number) {
    super(reasonOf(cause), messageOf(cause), { cause });
    this.restarts = restarts;
  }
}

/**
 * Carries a change out: journal, dead man's switch, files, restart where the running containerd differs from what is
 * wanted, proof of health. Whatever fails after the first write is taken back.
 *
 * @param commit writes the host's record; called when the node is proven well, before the journal goes.
 * @throws {RolledBackError} when it was taken back; any other error means that nothing was changed.
 */
export async function transact(
  context: Context,
  change: Change,
  commit: (outcome: Outcome) => Promise<void>,
  signal: AbortSignal,
): Promise<Outcome> {
  const baseline = context.restart === "auto" ? await takeBaseline(context, signal) : { containers: [] };
  const journal = await prepare(context, change);
  const run: Run = { context, change, baseline, journal, restarts: 0, outageMs: undefined };
  try {
    const outcome = await carryOut(run, signal);
    run.journal = await mark(run, "verified");
    await commit(outcome);
    await removeJournal(context.store.root);
    return outcome;
  } catch (error) {
    context.log.error("Change failed; taking it back", { error });
    const restarts = await takeBack(context, run.journal, change.unit, AbortSignal.timeout(DEADLINES.rollback));
    throw new RolledBackError(error, run.restarts + restarts);
  }
}

/** State of one transaction that grows as it goes. */
interface Run {
  readonly context: Context;
  readonly change: Change;
  readonly baseline: Baseline;
  journal: Journal;
  restarts: number;
  outageMs: number | undefined;
}

/** @throws {InstallError} `ConfigDrift` when a file is not what the change was made from. */
async function prepare({ store }: Context, change: Change): Promise<Journal> {
  await makeFolder(scratchFolder(store.root));
  const files = await Promise.all(
    change.files.map(async ({ path, madeFrom, content }, index) => {
      const before = await saveFile(store.root, path, index);
      if (before?.sha256 !== digestOf(madeFrom)) {
        throw new InstallError(
          "ConfigDrift",
          `Somebody changed "${path}" while the node was being looked at: nothing was changed; it is tried again with the new content`,
        );
      }
      return { path, before, after: digestOf(content) };
    }),
  );
  const journal: Journal = {
    schema: 1,
    id: newId(),
    shim: change.shim,
    handler: change.expected.handler,
    operation: change.operation,
    phase: "prepared",
    bootId: await bootId(),
    files,
    folders: await missingFolders(change.files),
    link: change.link,
  };
  await writeJournal(store.root, journal);
  return journal;
}

function digestOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : sha256(Buffer.from(text));
}

/** @see https://www.kernel.org/doc/html/latest/admin-guide/sysctl/kernel.html#random */
export async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
}

/** Folders that new files need and that are not there; each is made below one that is. */
async function missingFolders(files: readonly WantedFile[]): Promise<readonly string[]> {
  const folders = files.filter(({ content }) => content !== undefined).map(({ path }) => dirname(path));
  const missing: string[] = [];
  for (const folder of new Set(folders)) {
    if (!(await exists(folder))) missing.push(folder);
  }
  return missing;
}

async function carryOut(run: Run, signal: AbortSignal): Promise<Outcome> {
  const { context, change, baseline } = run;
  const restart = context.restart === "auto" && (await needsRestart(run, signal));
  if (restart) await armSwitch(run, signal);
  await applyFiles(run.journal, change.files);
  if (change.link.after !== change.link.before) await setShimLink(context.store, change.shim, change.link.after);
  // From the restart on it is finished, whoever asks us to stop: to take it back would be one more restart.
  const steady = restart ? AbortSignal.timeout(DEADLINES.afterRestart) : signal;
  if (restart) await restartContainerd(run, steady);
  const health = await proven(run, baseline, steady);
  if (restart) await disarmSwitch(run, steady);
  return { restarts: run.restarts, outageMs: run.outageMs, health, foldersMade: run.journal.folders };
}

async function proven({ context, change }: Run, baseline: Baseline, signal: AbortSignal): Promise<Health> {
  if (context.restart === "auto") return proveHealth(context, baseline, change.expected, signal);
  return { level: change.expected.runtime === undefined ? undefined : "Configured", lost: [] };
}

/** Only what the running containerd has in memory decides: a file that nobody read is no evidence. */
async function needsRestart({ context, change }: Run, signal: AbortSignal): Promise<boolean> {
  const facts = await context.links.cri.facts(DEADLINES.cri, signal);
  return !isAsExpected(servedRuntime(facts, change.expected.handler), change.expected);
}

async function armSwitch({ context, change, journal }: Run, signal: AbortSignal): Promise<void> {
  const script = join(scratchFolder(context.store.root), "dead-man.sh");
  const text = deadManScript(context.store, journal, change.unit);
  await writeAtomic(script, Buffer.from(text), { mode: 0o700, uid: 0, gid: 0 });
  await context.links.arm(script, DEAD_MAN_SECONDS, signal);
  await armBootRestore(context, script, change.unit, signal);
  context.log.info("Dead man's switch armed", { seconds: DEAD_MAN_SECONDS });
}

async function disarmSwitch({ context, change }: Run, signal: AbortSignal): Promise<void> {
  const state = await context.links.disarm(signal);
  await disarmBootRestore(context, change.unit, signal);
  if (state === "disarmed" && !(await exists(join(context.store.root, FIRED_FILE)))) return;
  throw new InstallError("RolledBackByDeadMan", "The installer was too slow: the host took the change back by itself");
}

async function restartContainerd(run: Run, signal: AbortSignal): Promise<void> {
  const { context, change } = run;
  run.journal = await mark(run, "restarting");
  const from = performance.now();
  run.restarts += 1;
  await context.links.restart(change.unit, signal);
  await context.links.cri.facts(DEADLINES.criAfterRestart, signal);
  run.outageMs = Math.round(performance.now() - from);
  context.log.info("Containerd restarted", { unit: change.unit, outageMs: run.outageMs });
}

async function mark({ context, journal }: Run, phase: Journal["phase"]): Promise<Journal> {
  const next = { ...journal, phase };
  await writeJournal(context.store.root, next);
  return next;
}
