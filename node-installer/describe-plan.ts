import { rm } from "node:fs/promises";
import type { InstallRequest } from "@rcm/lib/install-job";
import { createTwoFilesPatch } from "diff";
import type { Context } from "./context.ts";
import { DEADLINES } from "./context.ts";
import { checkChange } from "./gate.ts";
import { readState } from "./host/atomic-file.ts";
import { inspectHost } from "./inspect.ts";
import { planInstall } from "./plan.ts";
import { isAsExpected, servedRuntime, type Expectation } from "./runtimes.ts";
import { scratchFolder } from "./transaction/journal.ts";

/** What an install would do, for people: a diff of each file, the link, and whether containerd would be restarted. */
export async function describePlan(
  context: Context,
  request: InstallRequest,
  digest: string,
  signal: AbortSignal,
): Promise<string> {
  const facts = await inspectHost(context, signal);
  const change = await planInstall(context, facts, request, digest);
  await checkChange(context, facts, change, signal);
  await rm(scratchFolder(context.store.root), { recursive: true, force: true });
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
