import { closeSync, existsSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withDeadline } from "@rcm/lib/deadline";
import { nodeCrypto } from "@rcm/lib/late-modules";
import { pipe2, readableBytes } from "../linux/descriptor.ts";
import type { Exit, Reaper } from "../linux/reaper.ts";
import type { Runc } from "../runc/runc.ts";
import { makeTree, type MountedFile } from "../spec/executor-tree.ts";
import { PREPARER_PREFIX } from "./empty-cgroups.ts";
import { PreparedError } from "./errors.ts";
import { PREPARER_TREE, preparerSpec } from "./preparer-spec.ts";

/** Longest time that runc may take for anything, in milliseconds. */
export const RUNC_MS = 60_000;
/** A preparation has little of the processor while pods want it. */
const PREPARE_MS = 5 * 60_000;
const MAX_REASON_BYTES = 2000;
const PAGE_BYTES = 65_536;
/** Is there if the kernel filters system calls. */
const FILTERS = "/proc/sys/kernel/seccomp/actions_avail";

export interface PreparerRun {
  readonly runFolder: string;
  /** The executor, its libraries, and how it is called. */
  readonly files: readonly MountedFile[];
  readonly command: readonly string[];
  readonly order: { readonly maxMemoryPages: number | undefined };
  readonly runc: Runc;
  readonly systemdCgroup: boolean;
  readonly reaper: Reaper;
  /** Its file on the host, which everybody may read. */
  readonly component: string;
  /** Descriptor of what is prepared of it. runc makes the container's user its owner. */
  readonly output: number;
}

/** Where the specifications of its containers are, and runc's notes of them. */
export function bundlesIn(runFolder: string): string {
  return join(runFolder, "bundles");
}

export function statesIn(runFolder: string): string {
  return join(runFolder, "runc");
}

/**
 * Runs the executor in the container of {@link preparerSpec}. When it returns or throws, no process of it is
 * left.
 *
 * @throws {PreparedError} `REFUSED`
 */
export async function runPreparer(run: PreparerRun, signal: AbortSignal): Promise<void> {
  const id = `${PREPARER_PREFIX}${nodeCrypto().randomBytes(8).toString("hex")}`;
  const bundle = join(bundlesIn(run.runFolder), id);
  const { readEnd, writeEnd } = pipe2(); // What it says beyond the size of a pipe makes it wait, and its time run out.
  try {
    await writeBundle(run, id, bundle);
    const limit = { ms: PREPARE_MS, expired: tookTooLong };
    const start = { id, bundle, stderr: writeEnd };
    const { status } = await withDeadline(limit, async (inTime) => exitOf(run, start, inTime), signal);
    if (status === 0) return;
    throw new PreparedError("REFUSED", `The preparer ended with ${String(status)}: ${textIn(readEnd)}`);
  } finally {
    closeSync(readEnd);
    closeSync(writeEnd);
    rmSync(bundle, { recursive: true, force: true });
  }
}

function tookTooLong(): PreparedError {
  return new PreparedError("REFUSED", `Cannot wait for the preparer: it runs for ${String(PREPARE_MS / 1000)} s`);
}

async function writeBundle(run: PreparerRun, id: string, bundle: string): Promise<void> {
  const { files, order, runc, systemdCgroup, component } = run;
  const tree = join(bundle, "rootfs");
  makeTree(tree, PREPARER_TREE, files);
  const pages = order.maxMemoryPages;
  const limits = pages === undefined ? [] : ["--max-memory-bytes", String(pages * PAGE_BYTES)];
  const command = [...run.command, "prepare", ...limits];
  const canFilter = existsSync(FILTERS) && (await runc.filtersCalls(AbortSignal.timeout(RUNC_MS)));
  const seccomp = canFilter ? "filter" : "none";
  const spec = preparerSpec({ id, tree, files, command, component, systemdCgroup, seccomp });
  writeFileSync(join(bundle, "config.json"), JSON.stringify(spec), { mode: 0o600 });
}

interface PreparerStart {
  readonly id: string;
  readonly bundle: string;
  readonly stderr: number;
}

async function exitOf(
  { runc, reaper, output }: PreparerRun,
  { id, bundle, stderr }: PreparerStart,
  signal: AbortSignal,
): Promise<Exit> {
  const pidFile = join(bundle, "pid");
  const stdin = openSync("/dev/null", "r");
  try {
    await runc.create({ id, bundle, pidFile, stdio: [stdin, output, stderr] }, signal);
    const pid = Number(readFileSync(pidFile, "utf8"));
    await runc.start({ id, pid, hasPoststartHooks: false }, signal);
    return await Promise.race([reaper.exitOf(pid), abortOf(signal)]);
  } finally {
    closeSync(stdin);
    await runc.delete(id, { force: true }, AbortSignal.timeout(RUNC_MS));
  }
}

async function abortOf(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  function abort(): void {
    reject(signal.reason);
  }
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  return promise;
}

/** What there is to read, and no more: processes that have it open might never end. */
function textIn(pipe: number): string {
  const bytes = Buffer.alloc(Math.min(readableBytes(pipe), MAX_REASON_BYTES));
  const length = bytes.length === 0 ? 0 : readSync(pipe, bytes);
  return bytes.toString("utf8", 0, length).trim().replaceAll(/\s+/g, " ");
}
