import { rm } from "node:fs/promises";
import type { InstallRequest } from "@rcm/lib/install-job";
import { createTwoFilesPatch } from "diff";
import type { Context } from "./context.ts";
import { DEADLINES } from "./context.ts";
import { InstallError } from "./errors.ts";
import { checkChange } from "./gate.ts";
import { readState } from "./host/atomic-file.ts";
import { inspectHost } from "./inspect.ts";
import { lockHost } from "./machine.ts";
import { planInstall } from "./plan.ts";
import { readRecord } from "./record.ts";
import { isAsExpected, servedRuntime, type Expectation } from "./runtimes.ts";
import { refuseTaken } from "./taken-handler.ts";
import { readJournal } from "./transaction/journal.ts";
import type { Change } from "./transaction/transact.ts";

/**
 * What an install would do, for people: a diff of each file, the link, and whether containerd would be restarted.
 *
 * @throws {InstallError} `HostLocked` while another installer works; `Interrupted` where one was killed: what is on disk
 *   then is half a change, and will be ended or taken back before anything is installed.
 */
export async function describePlan(
  context: Context,
  request: InstallRequest,
  digest: string,
  signal: AbortSignal,
): Promise<string> {
  const lock = await lockHost(context, signal);
  try {
    await refuseUnfinished(context.store.root);
    return await describeChange(context, await planned(context, request, digest, signal), signal);
  } finally {
    await lock.release();
  }
}

async function refuseUnfinished(root: string): Promise<void> {
  const journal = await readJournal(root);
  if (journal === undefined) return;
  throw new InstallError(
    "Interrupted",
    `Cannot plan: an earlier ${journal.operation} of shim "${journal.shim}" was interrupted, and nothing of it was touched: end it with "node-installer rollback", then plan anew`,
  );
}

async function planned(
  context: Context,
  request: InstallRequest,
  digest: string,
  signal: AbortSignal,
): Promise<Change> {
  refuseTaken(await readRecord(context.store.root), request);
  try {
    const facts = await inspectHost(context, signal);
    const change = await planInstall(context, facts, request, digest);
    await checkChange(context, facts, change, signal);
    return change;
  } finally {
    await rm(context.scratch, { recursive: true, force: true });
  }
}

async function describeChange(context: Context, change: Change, signal: AbortSignal): Promise<string> {
  const diffs = await Promise.all(change.files.map(async ({ path, content }) => diffOf(path, content)));
  const { before, after } = change.link;
  const link = before === after ? [] : [`link ${before ?? "(none)"} -> ${after ?? "(none)"}`];
  const restart = await restartLine(context, change.expected, signal);
  return [...diffs, ...link, restart].join("\n");
}

async function diffOf(path: string, content: string | undefined): Promise<string> {
  const before = (await readState(path))?.bytes.toString("utf8") ?? "";
  return createTwoFilesPatch(path, path, before, content ?? "", "now", "planned").trimEnd();
}

async function restartLine(context: Context, expected: Expectation, signal: AbortSignal): Promise<string> {
  if (context.restart === "never") return "containerd is not restarted";
  const served = servedRuntime(await context.links.cri.facts(DEADLINES.cri, signal), expected.handler);
  return isAsExpected(served, expected) ? "containerd need not be restarted" : "containerd would be restarted once";
}
