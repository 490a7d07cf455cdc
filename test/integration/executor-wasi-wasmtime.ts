import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { runTool } from "../guests/run-tool.ts";
import { wasmtimeProgram } from "../guests/wasmtime-program.ts";
import { ExecutorProcess } from "../support/executor-process.ts";
import type { Difference } from "./executor-wasi-differences.ts";

const RUN_MS = 60_000;
const INPUT = "abc";
const ENVIRONMENT = ["--env", "A=1", "--env", "B=b=c"];
const WASMTIME_RIGHTS = ["-S", "inherit-network,allow-ip-name-lookup,cli-exit-with-code"];
/** Between a call and what it gave, in each line of the guest. */
const ARROW = " => ";

/** The guest, for either host. */
export interface Guest {
  readonly component: string;
  /** The same as wasmtime has compiled it. */
  readonly compiled: string;
  /** Where the executor keeps what it prepared. */
  readonly cache: string;
}

/** What a run of the guest said, and how it ended: `exit N`, or `trap`. */
export interface Run {
  readonly lines: readonly string[];
  readonly end: string;
  readonly errors: string;
}

/** Compiles the guest once: each run then starts at once. */
export async function guestFor(component: string, folder: string): Promise<Guest> {
  const compiled = join(folder, "compiled");
  await runTool(await wasmtimeProgram(), ["compile", "-o", compiled, component], folder);
  return { component, compiled, cache: join(folder, "cache") };
}

export async function runInExecutor({ component, cache }: Guest, args: readonly string[]): Promise<Run> {
  return withFolder(async (folder) => {
    const flags = ["--cache", cache, "--allow-network", ...ENVIRONMENT, "--dir", `${folder}::/data`];
    const executor = new ExecutorProcess(["run", ...flags, component, ...args]);
    executor.write(INPUT);
    const { code, stdout, stderr } = await executor.ended(RUN_MS);
    return { lines: linesOf(stdout), end: /"Run failed"/.test(stderr) ? "trap" : `exit ${code}`, errors: stderr };
  });
}

export async function runInWasmtime({ compiled }: Guest, args: readonly string[]): Promise<Run> {
  return withFolder(async (folder) => {
    const flags = ["--allow-precompiled", ...WASMTIME_RIGHTS, ...ENVIRONMENT, "--dir", `${folder}::/data`];
    const program = spawn(await wasmtimeProgram(), ["run", ...flags, compiled, ...args], { timeout: RUN_MS });
    program.stdin.on("error", () => {}); // One that has ended does not read it.
    program.stdin.end(INPUT);
    const code = new Promise((resolve) => program.once("close", resolve));
    const [stdout, stderr] = await Promise.all([text(program.stdout), text(program.stderr)]);
    const end = /failed to invoke `run` function/.test(stderr) ? "trap" : `exit ${String(await code)}`;
    return { lines: linesOf(stdout), end, errors: stderr };
  });
}

/** A folder for a guest: with a link that no guest can make, and a file that is to be out of reach for most. */
async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "rcm-wasi-"));
  symlinkSync("/etc/passwd", join(folder, "abs"));
  writeFileSync(join(folder, "secret"), "a secret");
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function linesOf(stdout: string): string[] {
  return stdout.trimEnd().split("\n");
}

/** What is not as it should be: lines that differ and are not listed, and listed differences that there are not. */
export function complaintsOf(ours: Run, theirs: Run, listed: readonly Difference[]): string[] {
  const seen = new Set<Difference>();
  const complaints: string[] = [];
  const count = Math.max(ours.lines.length, theirs.lines.length);
  for (let index = 0; index < count; index += 1) {
    const [our = "nothing", their = "nothing"] = [ours.lines[index], theirs.lines[index]];
    if (our === their) continue;
    const known = listed.filter((difference) => isOfKind(difference, our, their));
    for (const difference of known) seen.add(difference);
    if (known.length === 0) complaints.push(`${our}; in wasmtime: ${their}`);
  }
  const unseen = listed.filter((difference) => !seen.has(difference));
  return [...complaints, ...unseen.map(({ call, why }) => `Nothing differs any more at ${String(call)}: ${why}`)];
}

function isOfKind({ call, ours, theirs }: Difference, our: string, their: string): boolean {
  const [[what = "", given = ""], [theirWhat, theirGiven = ""]] = [our.split(ARROW, 2), their.split(ARROW, 2)];
  return what === theirWhat && call.test(what) && ours.test(given) && theirs.test(theirGiven);
}
