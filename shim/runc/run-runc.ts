import type { ChildProcess, SpawnOptions } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, openSync, readSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "@rcm/lib/errors";
import { RuncError, runcErrorFrom } from "./errors.ts";
import { lastErrorOf, LOG_TAIL_BYTES } from "./runc-log.ts";
import { stopRunc } from "./stop-runc.ts";

/** `spawn()` of node:child_process, by whoever else reaps the children of this process. */
export type Spawn = (file: string, args: readonly string[], options: SpawnOptions) => ChildProcess;

/** Which runc, and how it is to be run. */
export interface RuncProgram {
  /** A path, or a name to be found on PATH. */
  readonly binary: string;
  /** Where runc keeps the state of its containers. */
  readonly root: string;
  readonly systemdCgroup: boolean;
  readonly spawn: Spawn;
}

export interface RuncCall {
  /** The subcommand, then its options and arguments. */
  readonly args: readonly string[];
  /** What runc and the process that it makes get as stdin, stdout, stderr, and perhaps fd 3; without it, nothing. */
  readonly stdio?: readonly [number, number, number, number?];
  /** What runc reads on its stdin. */
  readonly input?: string;
  /** At most so many bytes of its stdout are wanted; more is an error. */
  readonly maxOutputBytes?: number;
}

/**
 * Runs runc until it ends. When `signal` aborts, runc is stopped.
 *
 * @returns its stdout.
 * @throws {RuncError} when it fails; `signal`'s reason when it aborts.
 */
export async function runRunc(program: RuncProgram, call: RuncCall, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const log = openLog(program.root);
  try {
    const child = spawnRunc(program, call, log);
    const { code, output } = await watch(child, call, signal);
    if (code !== 0) throw failure(program, call, { code, child, log });
    return output;
  } catch (error) {
    signal.throwIfAborted();
    throw isMissing(error) ? missing(program.binary, error) : error;
  } finally {
    closeSync(log);
  }
}

/** A file without a name: nothing is left behind, and calls that run at the same time do not mix their logs. */
function openLog(root: string): number {
  mkdirSync(root, { recursive: true, mode: 0o711 });
  const path = join(root, `.log-${process.pid}-${process.hrtime.bigint()}`);
  const fd = openSync(path, "ax+", 0o600);
  unlinkSync(path);
  return fd;
}

function spawnRunc(program: RuncProgram, { args, stdio, input, maxOutputBytes }: RuncCall, log: number): ChildProcess {
  const logFd = stdio?.length ?? 3; // The last: runc closes it for the processes that it makes.
  const global = ["--root", program.root, "--log", `/proc/self/fd/${logFd}`, "--log-format", "json"];
  const all = [...global, ...(program.systemdCgroup ? ["--systemd-cgroup"] : []), ...args];
  if (stdio !== undefined) return program.spawn(program.binary, all, { stdio: [...stdio, log] });
  const stdin = input === undefined ? "ignore" : "pipe";
  const stdout = maxOutputBytes === undefined ? "ignore" : "pipe";
  // Into the log also goes what the dynamic loader says when it cannot start runc.
  return program.spawn(program.binary, all, { stdio: [stdin, stdout, log, log] });
}

interface Ended {
  /** Its exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly output: string;
}

async function watch(
  child: ChildProcess,
  { input, maxOutputBytes = 0 }: RuncCall,
  signal: AbortSignal,
): Promise<Ended> {
  function stop(): void {
    stopRunc(child);
  }
  signal.addEventListener("abort", stop, { once: true });
  const chunks: Buffer[] = [];
  let bytes = 0;
  child.stdout?.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxOutputBytes) chunks.push(chunk);
    else child.kill("SIGKILL");
  });
  child.stdin?.on("error", () => undefined); // It ended without reading: its exit code says why.
  child.stdin?.end(input);
  try {
    const code = await endOf(child);
    if (bytes > maxOutputBytes) throw new RuncError("Unknown", `runc wrote more than ${maxOutputBytes} bytes`);
    return { code, output: Buffer.concat(chunks).toString() };
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Its exit code, or the signal that ended it; with a stdout, once that has been read to its end. */
async function endOf(child: ChildProcess): Promise<number | string> {
  const { promise, resolve, reject } = Promise.withResolvers<number | string>();
  child.once("error", reject);
  child.once(child.stdout === null ? "exit" : "close", (code: number | null, killedBy: string | null) => {
    resolve(code ?? killedBy ?? "");
  });
  return promise;
}

function failure(
  { binary }: RuncProgram,
  { args: [command] }: RuncCall,
  { code, child, log }: { readonly code: number | string; readonly child: ChildProcess; readonly log: number },
): RuncError {
  const said = lastErrorOf(readTail(log));
  if (said !== undefined) return runcErrorFrom(said);
  const how = typeof code === "number" ? `exit code ${code}` : `signal ${code}`;
  return new RuncError("Unknown", `"${binary} ${command}" (process ${child.pid}) ended with ${how} and gave no reason`);
}

function isMissing(error: unknown): error is Error {
  return hasCode(error, "ENOENT") && "syscall" in error;
}

function missing(binary: string, cause: Error): RuncError {
  const remedy = `install runc, or name it as "BinaryName" in the options of the runtime`;
  return new RuncError("FailedPrecondition", `Cannot run "${binary}": there is no such program; ${remedy}`, { cause });
}

function readTail(fd: number): string {
  const { size } = fstatSync(fd);
  const length = Math.min(size, LOG_TAIL_BYTES);
  const buffer = Buffer.alloc(length);
  const read = readSync(fd, buffer, 0, length, size - length);
  return buffer.toString("utf8", 0, read);
}
