import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { InstallReport, InstallRequest } from "@rcm/lib/install-job";
import type { Command, FileOptions, ShimOptions } from "./command-line.ts";
import type { Context } from "./context.ts";
import { describePlan } from "./describe-plan.ts";
import { fetchShim } from "./fetch/fetch.ts";
import { fileDigest, fileName } from "./host/store.ts";
import { install } from "./install.ts";
import type { Result } from "./install.ts";
import { lockHost, readMachineId } from "./machine.ts";
import { failureReport } from "./report.ts";
import { recover } from "./transaction/recover.ts";
import { RolledBackError } from "./transaction/transact.ts";
import { uninstall } from "./uninstall.ts";
import { verify } from "./verify.ts";

export type HandCommand = Exclude<
  Command,
  { readonly kind: "help" } | { readonly kind: "version" } | { readonly kind: "job" }
>;

/** What a person ran on the host, without Kubernetes. The report's message is what is printed. */
export async function runByHand(
  context: Context,
  command: HandCommand,
  architecture: string,
  signal: AbortSignal,
): Promise<InstallReport> {
  const from = performance.now();
  const base = baseOf(command);
  try {
    const result = await resultOf(context, command, architecture, signal);
    return {
      schema: 1,
      ...base,
      ok: true,
      rolledBack: false,
      durationMs: Math.round(performance.now() - from),
      ...result,
    };
  } catch (error) {
    const failed = failureReport({ ...base, durationMs: Math.round(performance.now() - from) }, error);
    return error instanceof RolledBackError ? { ...failed, rolledBack: true, restarts: error.restarts } : failed;
  }
}

/** What every report about a command has. */
export function baseOf({ kind }: HandCommand): Pick<InstallReport, "operation" | "hash"> {
  return { operation: kind === "uninstall" || kind === "verify" ? kind : "install", hash: "by-hand" };
}

async function resultOf(
  context: Context,
  command: HandCommand,
  architecture: string,
  signal: AbortSignal,
): Promise<Result> {
  if (command.kind === "rollback") return rollback(context, signal);
  if (command.kind === "verify") return locked(context, async () => verify(context, command.name, signal), signal);
  if (command.kind === "uninstall") return uninstall(context, await requestFor(context, command, architecture), signal);
  return withShim(context, command, architecture, signal);
}

async function withShim(
  context: Context,
  command: FileOptions & { readonly kind: "install" | "plan" },
  architecture: string,
  signal: AbortSignal,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "rcm-"));
  try {
    const location = pathToFileURL(resolve(command.file)).href;
    const request = await requestFor(context, command, architecture);
    const binaryName = fileName(command.name);
    const { path } = await fetchShim(
      { location, allowFile: true, binaryName, architecture, destination: folder },
      signal,
    );
    if (command.kind === "install") return await install(context, request, path, signal);
    return { message: await describePlan(context, request, await fileDigest(path), signal), restarts: 0 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function requestFor(
  context: Context,
  { name, handler, options }: ShimOptions,
  architecture: string,
): Promise<InstallRequest> {
  const machineId = await readMachineId(context.machineIdPath);
  return {
    operation: "install",
    shim: name,
    shimUid: "",
    handler,
    options,
    hash: "by-hand",
    node: { name: "", uid: "", machineId, architecture },
  };
}

async function rollback(context: Context, signal: AbortSignal): Promise<Result> {
  const done = await locked(context, async () => recover(context, signal), signal);
  const words = {
    nothing: "No change was interrupted: there is nothing to take back",
    kept: "The interrupted change was whole and the node is well with it: it was kept",
    "taken back": "The interrupted change was taken back",
  };
  return { message: words[done], restarts: 0 };
}

async function locked<T>(context: Context, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const lock = await lockHost(context, signal);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}
