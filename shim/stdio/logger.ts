import type { ChildProcess, SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { closeSync } from "node:fs";
import { Readable } from "node:stream";
import { hasCode } from "@rcm/lib/errors";
import { pipe2 } from "../linux/descriptor.ts";
import { StdioError } from "./errors.ts";

/** `spawn()` of node:child_process, by whoever else reaps the children of this process. */
export type Spawn = (file: string, args: readonly string[], options: SpawnOptions) => ChildProcess;

export interface LoggerRequest {
  readonly path: string;
  readonly args: readonly string[];
  readonly needsByte: boolean;
  readonly containerId: string;
  readonly namespace: string;
  /** What it inherits of the environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How long a logger may take to say that it is ready, and to end after SIGTERM, in milliseconds. */
const READY_MS = 10_000;
const TERM_MS = 1_000;

/** A program that gets the output of a process. */
export interface Logger {
  /** The ends of pipes that the process gets as stdout and stderr. */
  readonly stdout: number;
  readonly stderr: number;
  /** Waits until it has read everything and ended; when `signal` aborts, it is stopped. */
  finish(signal: AbortSignal): Promise<void>;
  /** Asks it to end, and makes it end a second later. */
  stop(): void;
}

/**
 * Starts a logger and waits until it is ready.
 *
 * @throws {StdioError} `NotFound` when there is no such program, `Unknown` when it ends or says nothing in 10 s;
 * `signal`'s reason when that aborts.
 */
export async function startLogger(request: LoggerRequest, spawn: Spawn, signal: AbortSignal): Promise<Logger> {
  const out = pipe2();
  const err = pipe2();
  let child: ChildProcess;
  try {
    child = spawn(request.path, request.args, {
      stdio: ["ignore", "ignore", "ignore", out.readEnd, err.readEnd, "pipe"],
      env: { ...request.env, CONTAINER_ID: request.containerId, CONTAINER_NAMESPACE: request.namespace },
    });
  } finally {
    closeSync(out.readEnd);
    closeSync(err.readEnd);
  }
  const ended = once(child, "exit");
  ended.catch(() => undefined); // `awaitReady` tells why it did not start.
  try {
    await awaitReady(child, request, AbortSignal.any([signal, AbortSignal.timeout(READY_MS)]));
  } catch (error) {
    closeSync(out.writeEnd);
    closeSync(err.writeEnd);
    child.kill("SIGKILL");
    signal.throwIfAborted();
    throw error;
  }
  return new LoggerProcess(child, ended, { stdout: out.writeEnd, stderr: err.writeEnd });
}

async function awaitReady(child: ChildProcess, request: LoggerRequest, signal: AbortSignal): Promise<void> {
  const pipe: unknown = child.stdio.at(-1); // fd 5.
  try {
    await once(child, "spawn", { signal }); // Fails when there is no such program.
    if (pipe instanceof Readable) await firstByteOrEnd(pipe, request, signal);
  } catch (error) {
    const isMissing = hasCode(error, "ENOENT");
    const message = `Cannot start the logger "${request.path}": ${isMissing ? "no such program" : "it is not ready"}`;
    throw new StdioError(isMissing ? "NotFound" : "Unknown", message, { cause: error });
  } finally {
    if (pipe instanceof Readable) pipe.destroy();
  }
}

async function firstByteOrEnd(pipe: Readable, { needsByte }: LoggerRequest, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  function onAbort(): void {
    reject(new Error("nothing came on fd 5", { cause: signal.reason }));
  }
  signal.addEventListener("abort", onAbort, { once: true });
  pipe.once("data", () => {
    resolve();
  });
  pipe.once("error", reject);
  pipe.once("end", () => {
    if (needsByte) reject(new Error("it wrote no byte to fd 5"));
    else resolve();
  });
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

class LoggerProcess implements Logger {
  readonly stdout: number;
  readonly stderr: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(
    child: ChildProcess,
    ended: Promise<unknown>,
    ends: { readonly stdout: number; readonly stderr: number },
  ) {
    this.#child = child;
    this.#ended = ended;
    this.stdout = ends.stdout;
    this.stderr = ends.stderr;
  }

  async finish(signal: AbortSignal): Promise<void> {
    const aborted = signal.aborted ? Promise.resolve() : once(signal, "abort");
    await Promise.race([this.#ended, aborted]);
    this.stop();
  }

  stop(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), TERM_MS).unref();
    this.#child.once("exit", () => {
      clearTimeout(timer);
    });
  }
}
